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

store_restic() { # ARGUMENT…
  restic --option rclone.program="ssh -F $store_folder/ssh_config store" "$@"
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
