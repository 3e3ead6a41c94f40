# What of this host others than root may read or write who should not, and who listens. Changes nothing.
# usage: look-exposure MOST FOLDER…
#   MOST   paths of each kind that are named
# prints `open PATH`: everybody may write it; `setid PATH`: it runs with the rights of its owner or group; `key PATH`: a private key
#   that others may read, or a list of allowed keys that others may write; `port NUMBER` that listens to other hosts
set -eu
export LC_ALL=C
most=$1
shift
named() { head -n "$most" || true; }
for folder; do
  [ -d "$folder" ] || continue
  # in a folder with the sticky bit nobody can take away what is another's
  timeout 60 find "$folder/" -xdev \( -type f -perm -0002 -printf 'open %p\n' -o -type d -perm -0002 ! -perm -1000 -printf 'open %p\n' \) 2>/dev/null || true
done | sort -u | named
for folder; do
  [ ! -d "$folder" ] || timeout 60 find "$folder/" -xdev -type f -perm /6000 -printf 'setid %p\n' 2>/dev/null || true
done | sort -u | named
for file in /etc/ssh/ssh_host_*_key /root/.ssh/id_*; do
  case $file in *.pub) continue ;; esac
  [ ! -f "$file" ] || [ "$(($(printf '0%s' "$(stat -c %a "$file")") & 077))" -eq 0 ] || echo "key $file"
done
for file in /root/.ssh/authorized_keys /root/.ssh; do
  [ ! -e "$file" ] || [ "$(($(printf '0%s' "$(stat -c %a "$file")") & 022))" -eq 0 ] || echo "key $file"
done
# state 0A listens; of both families, without those of loopback
sed -n 's/^ *[0-9]*: \([0-9A-F]*\):\([0-9A-F]\{4\}\) [0-9A-F:]* 0A .*/\1 \2/p' /proc/net/tcp /proc/net/tcp6 2>/dev/null |
  while read -r address port; do
    case $address in *0100007F | 00000000000000000000000001000000) continue ;; esac
    echo "port $((0x$port))"
  done | sort -u -k 2n
