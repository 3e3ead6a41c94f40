# Removes the folders of jobs that ended long ago, and what cut-off claims left behind.
# usage: job-clean MIN-AGE-SECONDS, with the keys of open changes on stdin, one a line, then `end`
# prints the number of removed jobs
set -eu
minutes=$((($1 + 59) / 60))
jobs=/var/lib/pawl/jobs
open=' '
while read -r key && [ "$key" != end ]; do open="$open$key "; done
# the end of stdin also means that the caller died in the middle of its list
[ "$key" = end ] || { echo 'the list of open jobs has no end' >&2; exit 2; }
[ -d "$jobs" ] || { echo 0; exit 0; }
removed=0
for marker in $(find "$jobs" -mindepth 2 -maxdepth 2 -name exit -mmin "+$minutes"); do
  job=${marker%/exit}
  case $open in *" ${job##*/} "*) continue ;; esac
  # out of sight at once: half a folder must not look like a job
  mv -T "$job" "$jobs/.old-${job##*/}"
  removed=$((removed + 1))
done
find "$jobs" -mindepth 1 -maxdepth 1 -name '.old-*' -exec rm -rf {} +
find "$jobs" -mindepth 1 -maxdepth 1 -name '.new-*' -mmin +60 -exec rm -rf {} +
echo "$removed"
