# Compares files with a manifest, and shows those that are otherwise. Changes nothing.
# usage: look-config MOST   on stdin lines MODE OWNER GROUP BYTES SHA256 show|hide PATH; SHA256 `absent`: shall not be there
# prints for each file that is otherwise: is MODE OWNER GROUP absent|file|other PATH, and, where it may be shown and
#   has at most MOST bytes, a line with its content in base64
set -eu
most=$1
while read -r mode owner group _ sum show path; do
  kind=file facts='- - -'
  if [ ! -e "$path" ] && [ ! -L "$path" ]; then
    kind=absent
  elif [ -f "$path" ] && [ ! -L "$path" ]; then
    facts=$(stat -c '%04a %U %G' "$path")
  else
    kind=other
  fi
  if [ "$kind" = absent ] && [ "$sum" = absent ]; then continue; fi
  if [ "$kind" = file ] && [ "$facts" = "$mode $owner $group" ]; then
    is=$(sha256sum <"$path")
    [ "$is" != "$sum  -" ] || continue
  fi
  echo "is $facts $kind $path"
  if [ "$kind" = file ] && [ "$show" = show ] && [ "$(stat -c %s "$path")" -le "$most" ]; then
    echo "content $(base64 -w 0 <"$path")"
  fi
done
