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
sync "$job/exit.new"
mv -T "$job/exit.new" "$job/exit"
sync "$job"
