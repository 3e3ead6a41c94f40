# Looks whether a file has to be uploaded, and whether there is room for it.
# usage: upload-check PATH SIZE SHA256 MODE KEEP-FREE-BYTES
# prints `same` (and sets the mode) or `send`; exits 83 when the disk is too full
set -eu
path=$1 size=$2 sum=$3 mode=$4 keep_free=$5
if [ -f "$path" ] && [ "$(wc -c <"$path")" -eq "$size" ] && [ "$(sha256sum <"$path")" = "$sum  -" ]; then
  chmod "$mode" "$path"
  echo same
  exit 0
fi
folder=${path%/*}
mkdir -p "$folder/"
free_kib=$(df -Pk "$folder/" | awk 'END { print $4 }')
if [ "$free_kib" -lt $(((size + keep_free + 1023) / 1024)) ]; then
  echo "$folder/ has $free_kib KiB free" >&2
  exit 83
fi
echo send
