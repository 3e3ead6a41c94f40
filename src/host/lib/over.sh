# The end of what a backup, a drill or a restore has on this host: its job, where nobody waits for that any more, its secrets, its
# result, and where a drill restores. A program asks for this text with `# uses: over`.
#
# /run/pawl/over/ID has when that end was ordered, in milliseconds of Temporal's clock. A worker that stood still and wakes up
# afterwards was sent earlier, and brings no secret here any more.

over_folder=/run/pawl/over

over() { # ID ORDERED
  mkdir -p "$over_folder"
  echo "$2" >"$over_folder/$1"
  over_jobs "$1"
  # what a drill would have taken away itself, had it come to its end
  rm -rf --one-file-system "/run/pawl/backups/$1" "/var/lib/pawl-scratch/$1"
  rm -f "/var/lib/pawl/backups/results/$1" "/var/lib/pawl/backups/results/.$1"
}

# Each has a lane of its own. What is begun just now finds no secrets.
over_jobs() { # ID
  find /var/lib/pawl/jobs -mindepth 2 -maxdepth 2 -name lane -exec grep -lxF "backup/$1" {} + 2>/dev/null |
    while read -r lane; do
      job=${lane%/lane}
      [ -e "$job/exit" ] || systemctl stop "pawl-job-${job##*/}.service" 2>/dev/null || true
    done
}

over_already() { # ID ORDERED
  [ -s "$over_folder/$1" ] && [ "$(cat "$over_folder/$1")" -ge "$2" ]
}
