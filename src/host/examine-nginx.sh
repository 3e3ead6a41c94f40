# Reads whether Pawl can use an nginx, as KEY=VALUE lines. Changes nothing.
# usage: examine-nginx CONFIG FOLDER PORT UPSTREAM…
# uses: give-up nginx
set -u
config=$1 folder=$2 port=$3
shift 3
command -v nginx >/dev/null || exit 0
echo "version=$(nginx -v 2>&1 | sed -n 's|.*nginx/||p')"
if said=$(nginx -t -q -c "$config" 2>&1); then
  echo 'tested=yes'
else
  echo "says=$(echo "$said" | head -n 1)"
fi
# the whole configuration, with the name of each file before its text
files=$(nginx -T -q -c "$config" 2>/dev/null | sed -n 's/^# configuration file \(.*\):$/\1/p')
included() { # FILE
  echo "$files" | grep -qxF -- "$1" && echo yes || echo no
}
echo "told=$(included "$folder/served.conf")"
for upstream; do
  file=$folder/$upstream.servers
  [ -f "$file" ] || { echo "file.$upstream=missing" && continue; }
  echo "file.$upstream=$(included "$file")"
  if ! nginx_ask "$upstream.servers"; then
    echo "served.$upstream=silent"
  elif [ "$served" = "$(nginx_digest "$file")" ]; then
    echo "served.$upstream=yes"
  else
    echo "served.$upstream=changed"
  fi
done
