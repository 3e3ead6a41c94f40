# What stage-tarball and stage-deb share. A program asks for this text with `# uses: releases`.

# Stages one at a time: an attempt whose worker stood still may go on here, beside the one that took over. What
# the first one has brought, the second one finds. Ends the program with 23 when that takes too long.
alone() { # FOLDER
  [ -d "$1" ] || mkdir -p "$1"
  exec 9<"$1"
  flock -w 300 9 || { echo "another attempt has been staging in $1 for 300 s" >&2 && exit 23; }
}

# Ends the program with 10 unless the uploaded file is there, whole. Uploads that nobody came for go away.
uploaded() { # FILE SHA256
  [ -f "$1" ] && [ "$(sha256sum <"$1")" = "$2  -" ] && return
  find "${1%/*}" -mindepth 1 -maxdepth 1 -type f -mtime +7 -delete 2>/dev/null || true
  exit 10
}

# Prints the versions to remove, by files VERSION.SUFFIX in a folder: all but the newest KEEP, among
# which the running and the new one always are.
beyond() { # FOLDER SUFFIX KEEP RUNNING NEW
  find "$1" -mindepth 1 -maxdepth 1 -name "*.$2" -printf '%T@ %f\n' | sort -rn |
    sed -n "s/^[^ ]* \(.*\)\.$2$/\1/p" | awk -v keep="$3" -v running="$4" -v new="$5" '
      BEGIN { kept = running == new ? 1 : 2 }
      $0 != running && $0 != new && ++kept > keep
    '
}
