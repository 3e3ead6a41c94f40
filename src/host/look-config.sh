# Compares files with a manifest, and shows those that are otherwise. Changes nothing.
# usage: look-config MOST   on stdin lines MODE OWNER GROUP BYTES SHA256 show|hide PATH; SHA256 `absent`: shall not be there
# prints for each file that is otherwise: is MODE OWNER GROUP absent|file|other PATH, and, where it may be shown and
#   has at most MOST bytes, a line with its content in base64; of very many files, the first ones
# uses: config
set -eu
manifest=$(cat)
facts=$(printf '%s\n' "$manifest" | cut -d ' ' -f 7 | config_facts)
printf '%s\n' "$facts" = "$manifest" | awk -v most="$1" '
  $0 == "=" { wanted = 1; next }
  !wanted { kind[$7] = $1; rights[$7] = $2 " " $3 " " $4; bytes[$7] = $5; sum[$7] = $6; next }
  {
    is = $7 in kind ? kind[$7] : "absent"
    if (is == "absent" && $5 == "absent") next
    if (is == "file" && rights[$7] == $1 " " $2 " " $3 && sum[$7] == $5) next
    shown = is == "file" && $6 == "show" && bytes[$7] <= most && (all += bytes[$7]) <= 128 * most
    print is == "file" ? rights[$7] : "- - -", is, $7, shown + 0
  }
' | while read -r mode owner group kind path shown; do
  echo "is $mode $owner $group $kind $path"
  [ "$shown" = 0 ] || { content=$(base64 -w 0 <"$path") && echo "content $content"; }
done
