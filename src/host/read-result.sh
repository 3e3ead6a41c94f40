# Prints what came of a backup, or of a drill.
# usage: read-result ID
set -eu
cat "/var/lib/pawl/backups/results/$1"
