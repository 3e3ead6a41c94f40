# The main process of a job's unit: marks the job as started, once, and becomes its script.
# usage: job-unit JOB-FOLDER
set -eu
job=$1
segment=1048576
# jobs may tell how far they are: the last line of this file is shown
export PAWL_PROGRESS="$job/progress" HOME="${HOME:-/root}"

# The last one to two MiB of output; beyond that the beginning goes. A reader that stopped early
# would kill the script.
keep() {
  while head -c "$segment" >"$job/output"; do
    [ "$(wc -c <"$job/output")" -eq "$segment" ] || return 0
    mv -T "$job/output" "$job/output.before"
  done
  cat >/dev/null
}

read -r boot </proc/sys/kernel/random/boot_id
set -C
echo "$boot $INVOCATION_ID" >"$job/started" || exit 97
set +C
# from here on the script may have effects: the marker and the claim are on the disk before
sync "$job/started" "$job" "$job/.."
# systemd ends with TERM what the script leaves behind; the reader must hear the last words first
trap '' TERM
keep <"$job/pipe" &
trap - TERM
exec /bin/sh "$job/script" >"$job/pipe" 2>&1 </dev/null
