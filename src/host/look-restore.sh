# What a restore needs to know of its host. Changes nothing.
# usage: look-restore mariadb|mysql|folders|git PLACE(-|FOLDER) [UNIT…] -- [PROGRAM…] -- [TARGET…]
#   PLACE   -: in the place of what is there; of a database, that is the folder of this host's server
# prints KEY VALUE lines: missing PROGRAM, nounit UNIT, version, target PATH, `free DEVICE BYTES` for each, `trouble PATH WORDS`
# uses: give-up target database configured
set -eu
kind=$1 folder=$2
shift 2
while [ "$1" != -- ]; do
  [ "$(systemctl show --value -p LoadState -- "$1")" = loaded ] || [ "$folder" != - ] || echo "nounit $1"
  shift
done
shift
while [ "$1" != -- ]; do
  command -v "$1" >/dev/null || echo "missing $1"
  shift
done
shift
case $kind in mariadb | mysql) database_of "$kind" ;; esac
if [ "${database_server:-}" != '' ] && command -v "$database_server" >/dev/null; then
  echo "version $("$database_server" --version | sed -n 's/^.* Ver \([^ ]*\).*$/\1/p')"
  if [ "$folder" = - ]; then
    # whatever does not let it start must be mended first
    trouble=$(configured_at 2>&1) || {
      echo "trouble $database_server $trouble"
      exit 0
    }
    configured_at
    set -- "$configured_data"
    outside=$(configured_outside)
    [ "$outside" = '' ] || echo "trouble $configured_data $outside"
  fi
fi
if [ "$folder" != - ]; then
  set -- "$folder"
  if [ -e "$folder" ] || [ -L "$folder" ]; then echo "trouble $folder is there already"; fi
else
  for target in "$@"; do
    trouble=$(target_trouble "$target")
    [ "$trouble" = '' ] || echo "trouble $target $trouble"
  done
fi
for target in "$@"; do
  echo "target $target"
  there=$(target_there "$(target_beside "$target")")
  echo "free $(stat -c %d "$there") $(($(stat -f -c '%a * %S' "$there")))"
done
