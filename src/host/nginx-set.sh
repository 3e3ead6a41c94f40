# Sets the wanted state of a server in the file of its upstream, lets nginx load it and proves that it is served.
# Safe to repeat: what is served already is not loaded again.
# usage: nginx-set EPOCH ATTEMPT CONFIG FOLDER PORT UPSTREAM SERVER in|draining|out|drain|leave|count [WEIGHT]
#   draining, out  the server gets no new requests; the words differ in the file only
#   drain, leave, count  as haproxy-drain: draining; draining, then out when nothing is left; as it is.
#     Prints how many requests are left there
# uses: fence nginx nginx-left
# exits 3 nginx refuses, or no such server, 4 it gives no answer, 5 it does not serve what was set
set -u
config=$3 folder=$4 port=$5 upstream=$6 server=$7 wanted=$8 weight=${9:-}
file=$folder/$upstream.servers
told=$folder/served.conf
backups=/var/lib/pawl/nginx
new=$folder/.$upstream.new
change=$1

# Prints the file with the server as it is wanted. What else stands in its line stays.
edited() { # in|draining|out
  awk -v server="$server" -v wanted="$1" -v weight="$weight" '
    {
      code = $0
      note = ""
      if (at = index($0, "#")) {
        code = substr($0, 1, at - 1)
        note = substr($0, at + 1)
      }
      words = split(note, word, " ")
      if (code !~ /^[ \t]*server[ \t]/ || word[1] != server) { print; next }
      if (code !~ /^[^;]*;[ \t]*$/) exit 4
      found += 1
      match(code, /^[ \t]*/)
      line = substr(code, 1, RLENGTH) "server"
      sub(/[ \t]*;[ \t]*$/, "", code)
      parts = split(code, part, " ")
      seen = 0
      for (i = 2; i <= parts; i++) {
        if (part[i] == "down") continue
        if (part[i] ~ /^weight=/) {
          seen = 1
          if (wanted == "in") part[i] = "weight=" weight
        }
        line = line " " part[i]
      }
      if (wanted == "in" && !seen && weight != 1) line = line " weight=" weight
      if (wanted != "in") line = line " down"
      line = line "; # " server
      if (wanted == "draining") line = line " draining"
      for (i = 2; i <= words; i++) if (word[i] != "draining") line = line " " word[i]
      print line
    }
    END { if (found != 1) exit found ? 5 : 6 }
  ' "$file"
}

cannot_edit() { # EXIT-CODE
  case $1 in
  4) give_up 3 "$file: the line of $server must be one server, a semicolon, and its name behind #" ;;
  5) give_up 3 "$file: more than one line is called $server" ;;
  6) give_up 3 "$file: No such server $server" ;;
  *) give_up 3 "$file cannot be read" ;;
  esac
}

# A power cut leaves one or the other, whole.
put() { # FROM TO
  sync "$1" && mv -T "$1" "$2"
}

# As it was before this change; the newest ten stay.
back_up() {
  mkdir -p "$backups"
  [ -e "$backups/$upstream.servers.$change" ] || cp -p "$file" "$backups/$upstream.servers.$change"
  for old in $(find "$backups" -name "$upstream.servers.*" | sort -r | tail -n +11); do rm -f "$old"; done
  cp -p "$file" "$backups/.$upstream.before" && cp -p "$told" "$backups/.served.before"
}

restore() {
  cp -p "$backups/.$upstream.before" "$new" && put "$new" "$file"
  cp -p "$backups/.served.before" "$new" && put "$new" "$told"
}

# Where it says why it does not load what is well written: in its log only.
find_log() {
  log=$(nginx -T -c "$config" 2>/dev/null 8>&- 9>&- | sed -n 's/^[[:blank:]]*error_log[[:blank:]]\{1,\}\([^ ;]*\).*/\1/p' | head -n 1)
  log=${log:-/var/log/nginx/error.log}
  [ -f "$log" ] || log=/dev/null
  log_size=$(wc -c <"$log")
}

# New workers say so, and none of those who were there takes connections any more. Sets `why` otherwise.
is_served() { # STAMP WORKERS
  until=$(($(date +%s) + 10))
  why="no new process in 10 s"
  while [ "$(date +%s)" -le "$until" ]; do
    if nginx_ask "$upstream" && [ "$stamp" = "$1" ] && ! nginx_workers | grep -qxF -- "$2"; then return; fi
    said=$(tail -c "+$((log_size + 1))" "$log" | grep '\[emerg\]')
    [ -z "$said" ] || why=$(echo "$said" | head -n 1)
    # it tries to bind a port several times
    echo "$said" | grep -v 'bind() to' | grep -q . && break
    sleep 0.05
  done
  return 1
}

load() {
  back_up || give_up 3 "the backup in $backups cannot be written; nothing was changed"
  now=$(date +%s%N)
  put "$new" "$file" && nginx_served_conf "$now" >"$new" && chmod 644 "$new" && put "$new" "$told" ||
    { restore; give_up 3 "$folder cannot be written; it was put back as it was"; }
  said=$(nginx -t -q -c "$config" 2>&1 8>&- 9>&-) || {
    restore
    give_up 3 "nginx -t refuses the configuration, so $file was put back as it was: $(echo "$said" | head -n 3)"
  }
  before=$(nginx_workers | grep ' now$')
  find_log
  kill -HUP "$master" || { restore; give_up 4 "nginx's process $master is gone; $file was put back as it was"; }
  is_served "$now" "$before" && return
  restore
  give_up 5 "nginx serves the configuration of before, so $file was put back as it was. The reason: $why"
}

become() { # in|draining|out
  edited "$1" >"$new" || cannot_edit $?
  chmod --reference="$file" "$new" && chown --reference="$file" "$new"
  nginx_ask "$upstream" || give_up 4 "nginx gives no answer of $upstream at 127.0.0.1:$port"
  nginx_master
  digest_now=$(nginx_digest "$file")
  if [ "$digest_now" = "$served" ] && [ "$(nginx_digest "$new")" = "$served" ]; then
    # words for us alone
    if cmp -s "$new" "$file"; then rm "$new"; else put "$new" "$file"; fi
    return
  fi
  load
}

# Prints how many requests are left for the server.
left() {
  name=$(echo "$server" | sed 's/[.]/\\./g')
  address=$(sed -n "s/^[[:blank:]]*server[[:blank:]]\{1,\}\([^ ;]*\).*#[[:blank:]]*$name\([[:blank:]].*\)\{0,1\}\$/\1/p" "$file")
  nginx_left down "$address"
}

fence_enter "nginx/$upstream/$server" "$1" "$2"
[ -f "$file" ] || give_up 3 "there is no $file"
# one at a time: all write to one file, and a reload loads all
mkdir -p "$backups"
exec 8>"$backups/.lock"
flock -w 20 8 || fence_refuse 92 "lane busy: another reload of nginx has not ended"
trap 'rm -f "$new"' EXIT

case $wanted in
in | draining | out) become "$wanted" ;;
drain) become draining && left ;;
leave)
  become draining
  count=$(left) || exit 3
  [ "$count" -gt 0 ] || become out
  echo "$count"
  ;;
count)
  nginx_ask "$upstream" || give_up 4 "nginx gives no answer of $upstream at 127.0.0.1:$port"
  nginx_master
  left
  ;;
esac
