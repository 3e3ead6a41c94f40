# Where a program of a backup works: beside its secrets, so that whoever clears those away takes it along, however the program
# ended. A program asks for this text with `# uses: work`.

# Sets `work`, an empty folder.
work_begin() { # ID
  work=/run/pawl/backups/$1/work
  # of a run that was cut off
  rm -rf "$work"
  mkdir -m 700 "$work"
}
