# Puts what is staged in the place of what is there, which goes aside, never away. Goes on where an earlier, cut run stood.
# usage: swap-in ID SECONDS SOCKET|- [UNIT…]
#   SECONDS  within which a database must answer
#   SOCKET   of a database that is to answer; -: it is none
#   UNIT     uses it: stopped meanwhile, with all that stops with it or would wake it
# keeps as its result, under ID.swap, KEY VALUE lines: seconds from the stop until it was proven, `aside PATH` for each
# exits 53 it cannot be swapped in, and is as it was; 54 it is in its place, and a unit, or the database, does not answer
# uses: going-down give-up place target staged mariadb result
set -eu
id=$1 seconds=$2 socket=$3
shift 3
units=$*
staged_at "$id"
[ -e "$staged_journal/staged" ] || give_up 53 'nothing is staged'

each() { # WORK, with `target` and `staged`
  while read -r target staged; do "$1"; done <"$staged_journal/staged"
}

left=no
look() {
  if [ ! -e "$staged" ]; then
    [ -e "$target" ] || give_up 53 "$staged is gone"
    return
  fi
  staged_may_swap "$target"
  [ "$(stat -c %d "$staged")" = "$(stat -c %d "${target%/*}")" ] || give_up 53 "$target lies on another file system now"
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
back_one() {
  last=$(awk -v target="$target" '$1 == target { last = $2 } END { print last }' "$staged_journal/asides" 2>/dev/null || true)
  [ -e "$staged" ] || mv -T "$target" "$staged"
  [ "$last" = '' ] || [ ! -e "$last" ] || [ -e "$target" ] || mv -T "$last" "$target"
}

swap() {
  [ -e "$staged" ] || return 0
  if [ -e "$target" ]; then
    aside=$target.aside-$staged_short nth=1
    # somebody may have made a new one since an earlier run was cut
    while [ -e "$aside" ]; do nth=$((nth + 1)) aside=$target.aside-$staged_short.$nth; done
    echo "$target $aside" >>"$staged_journal/asides"
    sync "$staged_journal/asides" "$staged_journal"
    mv -T "$target" "$aside" || back "$target does not go aside"
  fi
  mv -T "$staged" "$target" || back "$target does not come to its place"
  sync "${target%/*}" "${staged%/*}"
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
  mariadb_at "$socket" "/run/pawl/backups/$id/login"
  until said=$(mariadb_ask 'SELECT 1' 2>&1); do
    [ "$(date +%s)" -lt "$end" ] || give_up 54 "the database does not answer: $(printf '%s' "$said" | tail -n 1)"
    sleep 0.5
  done
}

each look
if [ "$left" = yes ]; then
  note_was
  echo 'stopping what uses it' >"$PAWL_PROGRESS"
  stop_units
  [ "$socket" = - ] || each must_be_idle
  echo 'swapping' >"$PAWL_PROGRESS"
  each swap
fi
echo 'starting what uses it' >"$PAWL_PROGRESS"
said=$(start_units 2>&1) || give_up 54 "it is in its place, and not all starts: $(printf '%s' "$said" | head -n 1)"
prove
began=$(head -n 1 "$staged_journal/was" 2>/dev/null || date +%s)
{
  echo "seconds $(($(date +%s) - began))"
  # what was gone when an earlier run was cut never came there
  cut -d ' ' -f 2 "$staged_journal/asides" 2>/dev/null | sort -u | while read -r aside; do [ ! -e "$aside" ] || echo "aside $aside"; done
} >"$staged_journal/swapped"
result_keep "$id.swap" "$staged_journal/swapped"
