# Starts a job, or attaches to the one of this key that runs or has ended, and waits for its end.
# usage: job-run KEY LANE EPOCH ATTEMPT MAX-SECONDS runAgain|report WAIT-SECONDS start|attach SCRIPT UNIT FINISH
#   SCRIPT, UNIT, FINISH  texts: the job itself, its main process (job-unit), its last act (job-finish)
#   attach                the job has been seen before: when its folder is gone, do not begin anew
# prints: state ended|running|cut|gone, starter EPOCH ATTEMPT, end RESULT HOW STATUS, progress LINE,
#   an empty line, and of an ended job its last output
# exits 91 and 92 as the fence does, 93 when systemd does not take the job
# uses: fence
set -eu
key=$1 lane=$2 epoch=$3 attempt=$4 max_seconds=$5 if_cut=$6 wait_seconds=$7 mode=$8 script=$9
shift 9
unit_text=$1 finish_text=$2
jobs=/var/lib/pawl/jobs
job=$jobs/$key
max_runs=3
keep_days=30
umask 077

# Written anew before each start, so a power cut cannot leave half a text to run. What must outlive
# one is `started`: the unit brings it to the disk before the script may have effects.
fill() {
  [ -d "$job" ] || mkdir -p "$job"
  printf '%s' "$script" >"$job/script"
  printf '%s' "$unit_text" >"$job/unit"
  printf '%s' "$finish_text" >"$job/finish"
  echo "$epoch $attempt" >"$job/claimed"
  echo "$lane" >"$job/lane"
  # the place for the end is taken now, so that a full disk cannot swallow it
  printf '%255s\n' '' >"$job/exit.new"
  # a folder that 0.1.0 has made has no bell
  if ! [ -p "$job/pipe" ]; then mkfifo "$job/pipe" "$job/bell"; elif ! [ -p "$job/bell" ]; then mkfifo "$job/bell"; fi
}

# Whether systemd still has to do with a job. No answer is not a "no".
unit_active() { # KEY
  facts=$(systemctl show -p ActiveState -p Job "pawl-job-$1.service")
  case $facts in
  *Job=[1-9]*) return 0 ;;
  *ActiveState=inactive* | *ActiveState=failed*) return 1 ;;
  *ActiveState=?*) return 0 ;;
  *) fence_refuse 93 "systemctl show gives no answer: $facts" ;;
  esac
}

# Sets `state`: absent, claimed, running, ended, cut. The unit is looked at before the marker: in the
# other order a job that ends in between would look dead.
look() {
  end=''
  if [ ! -d "$job" ]; then
    state=absent
  elif [ ! -e "$job/exit" ] && unit_active "$key"; then
    state=running
  elif [ -e "$job/exit" ]; then
    read_end
  elif [ -e "$job/started" ]; then
    state=cut end="$(why_no_end)"
  else
    state=claimed
  fi
}

# A script that exits, or that its own time limit stops, has ended. All else was done to it.
read_end() {
  read -r result how status _ <"$job/exit" || true
  end="$result $how $status" state=cut
  [ "$how" = exited ] && state=ended
  [ "$result" = timeout ] && state=ended
  return 0
}

why_no_end() {
  read -r boot </proc/sys/kernel/random/boot_id
  read -r started_boot _ <"$job/started" || true
  if [ "$started_boot" = "$boot" ]; then echo died; else echo rebooted; fi
}

may_run_again() {
  [ "$if_cut" = runAgain ] && [ ! -e "$job/started.$((max_runs - 1))" ]
}

# Under the lock and with the unit gone: nobody else can start it now.
run_again() {
  claim_lane
  runs=1
  while [ -e "$job/started.$runs" ]; do runs=$((runs + 1)); done
  [ ! -e "$job/exit" ] || mv -T "$job/exit" "$job/exit.$runs"
  fill
  mv -T "$job/started" "$job/started.$runs"
  systemctl reset-failed "pawl-job-$key.service" 2>/dev/null || true
  start
}

# systemd-run keeps the lock while it talks to systemd (the unit does not get it): should this program
# be killed right here, the next one waits until the unit is there. systemd expands `$` in the
# arguments, so they are paths only.
start() {
  systemd-run -q --collect --unit="pawl-job-$key" --description="pawl job on lane $lane" \
    -p KillMode=control-group -p TimeoutStopSec=10 -p RuntimeMaxSec="$max_seconds" \
    -p ExecStopPost="/bin/sh $job/finish $job" /bin/sh "$job/unit" "$job" ||
    fence_refuse 93 'systemd-run did not start the job'
}

# One active job for each lane: another one that still runs is waited for.
# shellcheck disable=SC2154 # the fence sets fence_file
claim_lane() {
  if [ -e "${fence_file%.fence}.job" ]; then
    read -r other <"${fence_file%.fence}.job" || other=''
    if [ -n "$other" ] && [ "$other" != "$key" ] && [ ! -e "$jobs/$other/exit" ] && unit_active "$other"; then
      fence_refuse 92 "lane busy: job $other of an earlier step still runs on lane $lane"
    fi
  fi
  echo "$key" >"${fence_file%.fence}.job"
}

begin() {
  look
  case $state in
  absent | claimed)
    [ "$state" = claimed ] || [ "$mode" = start ] || { state=gone; return 0; }
    claim_lane
    fill
    start
    started=yes
    ;;
  cut)
    may_run_again || return 0
    # its end is written down, but the unit may not be gone yet: the next call sees to it
    unit_active "$key" || run_again
    ;;
  *) return 0 ;;
  esac
  state=running
}

# Removes jobs of this lane that ended long ago. The fence lets no change of before into the lane any more,
# so none of them will be asked for. While the new job runs, this takes no time of anybody's.
clean_up() {
  # most often there is nothing, and looking once is enough
  some=$(find "$jobs" -mindepth 1 -maxdepth 2 \( -name exit -mtime "+$keep_days" -o -name '.old-*' \) -print -quit)
  [ -n "$some" ] || return 0
  find "$jobs" -mindepth 2 -maxdepth 2 -name exit -mtime "+$keep_days" | while read -r marker; do
    old=${marker%/exit}
    [ "$(cat "$old/lane" 2>/dev/null)" = "$lane" ] || continue
    read -r its_epoch _ <"$old/claimed" || continue
    [ "$its_epoch" -lt "$epoch" ] || continue
    # out of sight at once: half a folder must not look like a job
    mv -T "$old" "$jobs/.old-${old##*/}"
  done
  find "$jobs" -mindepth 1 -maxdepth 1 -name '.old-*' -exec rm -rf {} +
}

# The job rings a bell when its end is written down. Opened for both directions, so that opening waits for nobody
# and a ring between the look and the wait is kept.
wait_for_end() {
  [ -p "$job/bell" ] || { sleep 1; return 0; }
  exec 8<>"$job/bell"
  [ -e "$job/exit" ] || timeout "$wait_seconds" head -c 1 <&8 >/dev/null || true
  exec 8>&-
  [ -e "$job/exit" ] || return 0
  read_end
  # the next call runs it again
  if [ "$state" = cut ] && may_run_again; then state=running; fi
}

report() {
  echo "state $state"
  if [ -e "$job/claimed" ]; then
    read -r starter <"$job/claimed" || true
    echo "starter $starter"
  fi
  [ -z "$end" ] || echo "end $end"
  [ ! -e "$job/progress" ] || echo "progress $(tail -n 1 "$job/progress" | head -c 500)"
  echo
  [ "$state" != running ] || return 0
  if [ -e "$job/output.before" ]; then
    cat "$job/output.before" "$job/output" | tail -c 65536
  elif [ -s "$job/output" ]; then
    tail -c 65536 "$job/output"
  fi
}

fence_enter "$lane" "$epoch" "$attempt"
started=no
begin
fence_leave
[ "$started" = no ] || clean_up || true
[ "$state" != running ] || wait_for_end
report
