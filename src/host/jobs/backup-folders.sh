# Brings folders to the store as they lie there.
# usage: backup-folders SOURCE ID EXPECTED-BYTES FOLDER… [-- PATTERN…]
# keeps as its result KEY VALUE lines: the moment, what restic says in the end
# exits 31 without its secrets, 42 the store failed, 44 not all could be read
# uses: give-up progress store work volume result
set -eu
source=$1 id=$2 expected=$3
shift 3
store_at "$source" "$id"
work_begin "$id"

while [ $# -gt 0 ] && [ "$1" != -- ]; do
  [ -e "$1" ] || give_up 44 "there is no $1"
  printf '%s\n' "$1" >>"$work/folders"
  printf '%s\n' "$volume_own" | sed "s|^|$1/|" >>"$work/exclude"
  shift
done
[ $# -eq 0 ] || shift
printf '%s\n' "$@" >>"$work/exclude"
moment=$(date -u +%Y-%m-%dT%H:%M:%SZ)
{
  store_restic backup --files-from-verbatim "$work/folders" --exclude-file "$work/exclude" --host "$(hostname)" --tag "$id" \
    --json 2>&1 || echo $? >"$work/code"
} | store_progress "$expected" "$work/summary" 2>"$work/said"
case $(cat "$work/code" 2>/dev/null || echo 0) in
0) ;;
3) give_up 44 "not all could be read: $(tail -n 3 "$work/said")" ;;
*) give_up 42 "the store took no backup: $(tail -n 3 "$work/said")" ;;
esac
{
  echo "at $moment"
  echo "restic $(cat "$work/summary")"
} >"$work/result"
result_keep "$id" "$work/result"
