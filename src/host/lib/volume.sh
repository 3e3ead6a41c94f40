# What lies at the top of a file system, or of a folder that is backed up, and is no part of it: what restores have left there, and what
# the file system keeps for itself. A program asks for this text with `# uses: volume`.

volume_short='[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'
# patterns, a line each; those of a database as MariaDB leaves them alone, see staged.sh
volume_own="lost+found
.aside-$volume_short*
.restore-$volume_short
#sql-aside-$volume_short*
#sql-restore-$volume_short"

# Everything else, as find has it.
volume_entries() { # FOLDER ACTION…
  volume_folder=$1
  shift
  while IFS= read -r volume_pattern; do set -- ! -name "$volume_pattern" "$@"; done <<END
$volume_own
END
  find "$volume_folder/" -mindepth 1 -maxdepth 1 "$@"
}
