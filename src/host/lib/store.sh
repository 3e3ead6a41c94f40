# The way from a host to the store of backups. A program asks for this text with `# uses: give-up progress store`.
#
# A source has a folder on each of its hosts, /var/lib/pawl/backups/SOURCE, with
#   id, id.pub    its key; the store lets it add to the source's repository and read it, and do nothing else
#   ssh_config    where the store is, and which key that host has
# and while a backup is at work, its secrets are in /run/pawl/backups/ID, which outlives no power cut.

store_at() { # SOURCE ID
  store_folder=/var/lib/pawl/backups/$1 store_secrets=/run/pawl/backups/$2
  export RESTIC_REPOSITORY=rclone:store RESTIC_PASSWORD_FILE="$store_secrets/store" RESTIC_CACHE_DIR=/var/cache/pawl/restic
  [ -s "$RESTIC_PASSWORD_FILE" ] || give_up 31 "$RESTIC_PASSWORD_FILE is gone"
}

# shellcheck disable=SC2086 # none where it is empty
store_restic() { # ARGUMENT…
  restic ${store_lock:-} --option rclone.program="ssh -F $store_folder/ssh_config store" "$@"
}

# Old backups that go wait for whoever reads. Where no lock can be had, because the store is full, or somebody who is gone has left
# his, a restore reads all the same.
store_reading() {
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
    said=$(store_restic cat config 2>&1 >/dev/null) && return 0
    case $said in *'already locked'*) ;; *) break ;; esac
    # only locks of those who are gone
    store_restic unlock --quiet >/dev/null 2>&1 || true
    sleep 10
  done
  store_lock=--no-lock
}

# Reads what restic says as it goes, tells how far it is, and keeps its last word.
# usage: store_restic backup --json … | store_progress EXPECTED-BYTES SUMMARY-FILE
store_progress() {
  while IFS= read -r line; do
    case $line in
    *'"message_type":"status"'*)
      done=${line#*\"bytes_done\":}
      done=${done%%[!0-9]*}
      [ "$done" = "" ] || progress_says "$done" "$1"
      ;;
    *'"message_type":"summary"'*) printf '%s\n' "$line" >"$2" ;;
    *) printf '%s\n' "$line" >&2 ;;
    esac
  done
}
