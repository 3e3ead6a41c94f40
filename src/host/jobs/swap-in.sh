# Puts what is staged in the place of what is there, which goes aside, never away. Goes on where an earlier, cut run stood.
# usage: swap-in ID SECONDS mariadb|mysql|- SOCKET FILE|- AT MARK ZONE SINCE [UNIT…]
#   SECONDS  within which a database must answer
#   SOCKET   of a database that is to answer, of this kind; -: it is none
#   FILE, AT, MARK, ZONE  where a database's backup ends in the binary logs of the server: what these hold since then is replayed; -: it
#            is not wanted
#   SINCE    seconds since 1970, of the backup
#   UNIT     uses it: stopped meanwhile, with all that stops with it or would wake it
# keeps as its result, under ID.swap, KEY VALUE lines: seconds from the stop until it was proven, `aside PATH` for each,
#   what `own_logs_replay` says
# exits 53 it cannot be swapped in, and is as it was; 54 it is in its place, and a unit, or the database, does not answer
# uses: going-down give-up place target volume staged swap database configured scratch tables binlog replay own-logs result
set -eu
id=$1 seconds=$2 kind=$3 socket=$4 log=$5 log_at=$6 mark=$7 zone=$8 since=$9
shift 9
units=$*
staged_at "$id"
[ -e "$staged_journal/staged" ] || give_up 53 'nothing is staged'

each() { # WORK, with `target` and `staged`
  while read -r target staged; do "$1"; done <"$staged_journal/staged"
}

left=no
look() {
  if [ ! -e "$staged" ]; then
    "$(swap_way)_is_in" || give_up 53 "$staged is gone: is its file system mounted?"
    return
  fi
  staged_may_swap "$target"
  [ "$(stat -c %d "$staged")" = "$(stat -c %d "$(target_beside "$target")")" ] || give_up 53 "$target lies on another file system now"
  left=yes
}

# These units, those that stop with them, and those that would wake them, as far as they are at work.
at_work() { # UNIT…
  known=' '
  while [ $# -gt 0 ]; do
    unit=$1
    shift
    case $known in *" $unit "*) continue ;; esac
    known="$known$unit "
    # shellcheck disable=SC2046 # a name each
    set -- "$@" $(systemctl show --value -p TriggeredBy -p RequiredBy -p BoundBy -p ConsistsOf -- "$unit")
  done
  for unit in $known; do
    # whoever stops a target stops nothing, and whoever starts it starts too much
    case "$unit $(systemctl show --value -p ActiveState -- "$unit")" in
    *.target' '*) ;;
    *' active' | *' activating' | *' reloading') echo "$unit" ;;
    esac
  done
}

# Once: after a cut some of them are down because of us.
note_was() {
  [ ! -e "$staged_journal/was" ] || return 0
  # shellcheck disable=SC2086 # a name each
  { date +%s && at_work $units; } >"$staged_journal/was.new"
  sync "$staged_journal/was.new"
  mv -T "$staged_journal/was.new" "$staged_journal/was"
  sync "$staged_journal"
}

# shellcheck disable=SC2046,SC2086 # a name each
stop_units() {
  [ "$units" != '' ] || return 0
  systemctl stop -- $(at_work $units) $units
}

# A socket does not open for a service that is at work already, so those come first.
# shellcheck disable=SC2086 # a name each
start_units() {
  were=$(sed 1d "$staged_journal/was" 2>/dev/null || true)
  wake=$(printf '%s\n' $were | grep -v '\.service$' || true)
  [ "$units$were" != '' ] || return 0
  systemctl reset-failed -- $units $were 2>/dev/null || true
  [ "$wake" = '' ] || systemctl start -- $wake || true
  systemctl start -- $units $were
}

must_be_idle() {
  for cwd in /proc/[0-9]*/cwd; do
    process=${cwd%/cwd}
    [ "$(readlink "$cwd")" != "$target" ] ||
      back "process ${process##*/} ($(cat "$process/comm")) works in $target, and none of these units is it: $units"
  done
}

# All or none: where a rename is refused, nothing is left half.
back() { # WORDS
  each back_one
  start_units || true
  give_up 53 "$1; all is where it was"
}
back_one() { "$(swap_way)_back"; }
swap() { "$(swap_way)_in"; }

# Twice would be too much.
replay_own() {
  [ -e "$staged" ] && [ ! -e "$staged_journal/own" ] || return 0
  [ ! -e "$staged_journal/own.begun" ] || back "it was cut while the server's own binary logs were replayed: restore it again"
  : >"$staged_journal/own.begun"
  sync "$staged_journal"
  database_of "$kind"
  configured_at
  said=$(own_logs_replay "$target" "$staged" "$log" "$log_at" "$mark" "$zone" "$since" 2>&1) ||
    back "the server's own binary logs cannot be replayed: $(printf '%s' "$said" | tail -n 1)"
}

note_swap() {
  [ ! -e "$staged_journal/noted" ] || return 0
  echo "$(date +%s) $target" >>"$own_logs_swaps"
  sync "$own_logs_swaps"
  : >"$staged_journal/noted"
}

prove() {
  end=$(($(date +%s) + seconds))
  for unit in $units; do
    until systemctl is-active --quiet -- "$unit"; do
      [ "$(date +%s)" -lt "$end" ] || give_up 54 "$unit is not active: $(systemctl show --value -p Result -- "$unit")"
      sleep 0.5
    done
  done
  [ "$socket" != - ] || return 0
  database_at "$kind" "$socket" "/run/pawl/backups/$id/login"
  until said=$(database_ask 'SELECT 1' 2>&1); do
    [ "$(date +%s)" -lt "$end" ] || give_up 54 "the database does not answer: $(printf '%s' "$said" | tail -n 1)"
    sleep 0.5
  done
}

each look
if [ "$left" = yes ]; then
  note_was
  echo 'stopping what uses it' >"$PAWL_PROGRESS"
  stop_units
  [ "$kind" = - ] || each must_be_idle
  [ "$log" = - ] || each replay_own
  echo 'swapping' >"$PAWL_PROGRESS"
  each swap
fi
[ "$kind" = - ] || each note_swap
echo 'starting what uses it' >"$PAWL_PROGRESS"
said=$(start_units 2>&1) || give_up 54 "it is in its place, and not all starts: $(printf '%s' "$said" | head -n 1)"
prove
began=$(head -n 1 "$staged_journal/was" 2>/dev/null || date +%s)
{
  echo "seconds $(($(date +%s) - began))"
  # what was gone when an earlier run was cut never came there
  cut -d ' ' -f 2 "$staged_journal/asides" 2>/dev/null | sort -u | while read -r aside; do [ ! -e "$aside" ] || echo "aside $aside"; done
  cat "$staged_journal/own" 2>/dev/null || true
} >"$staged_journal/swapped"
result_keep "$id.swap" "$staged_journal/swapped"
