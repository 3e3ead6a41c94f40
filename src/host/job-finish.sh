# The last act of a job's unit (ExecStopPost): writes down how the job ended. Runs after SIGKILL and
# time limits, too.
# usage: job-finish JOB-FOLDER
set -eu
job=$1
# only for the run that has begun the job: a second unit that was refused has nothing to say
read -r _ invocation <"$job/started"
[ "$invocation" = "$INVOCATION_ID" ] || exit 0
read -r boot </proc/sys/kernel/random/boot_id
# into space that is taken already, without cutting it off first: the disk may be full
printf '%-255s\n' "${SERVICE_RESULT:-none} ${EXIT_CODE:-none} ${EXIT_STATUS:-none} $boot" 1<>"$job/exit.new"
# a power cut before the bytes are on the disk leaves blanks or nothing: the job counts as cut
mv -T "$job/exit.new" "$job/exit"
# each of those who wait takes one; none of them holds this up
printf '%64s' '' 1<>"$job/bell"
sync "$job/exit" "$job"
