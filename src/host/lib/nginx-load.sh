# Files of ours that nginx reads: taken over, loaded, and proven to be served. A program that asks for this text with
# `# uses: nginx nginx-load` sets `config`, `folder` and `port` first, and `names`: which files of the folder change, in
# the order in which they may. Their new texts lie beside them as `.NAME.new`. It defines `refuse CODE WORDS`, which ends
# it, and calls `nginx_alone` before it reads what it is going to change.

# One write at a time: all are to few files, and a reload loads all of them.
nginx_alone() { # SECONDS
  backups=/var/lib/pawl/nginx
  mkdir -p "$backups"
  exec 8>"$backups/.lock"
  flock -w "$1" 8 || fence_refuse 92 "lane busy: another reload of nginx has not ended"
  trap nginx_tidy EXIT
}

nginx_tidy() {
  for name in $names served.conf; do rm -f "$folder/.$name.new" "$backups/.$name.before"; done
}

# What lies there is what is wanted, and nginx serves it.
nginx_is_so() { # NAME…
  for name; do
    cmp -s "$folder/.$name.new" "$folder/$name" || return 1
    nginx_ask "$name" && [ "$(nginx_digest "$folder/$name")" = "$served" ] || return 1
  done
}

# A power cut leaves one or the other, whole.
put() { # NAME
  sync "$folder/.$1.new" && mv -T "$folder/.$1.new" "$folder/$1"
}

# The new texts become the files, and nginx finds nothing wrong with them.
take() {
  for name in $names served.conf; do
    cp -p "$folder/$name" "$backups/.$name.before" ||
      refuse 3 "the backup in $backups cannot be written; nothing was changed"
  done
  written=$(date +%s%N)
  for name in $names; do put "$name" || put_back 3 "$folder cannot be written; it was put back as it was"; done
  nginx_served_conf "$written" >"$folder/.served.conf.new" && chmod 644 "$folder/.served.conf.new" &&
    put served.conf || put_back 3 "$folder cannot be written; it was put back as it was"
  said=$(nginx -t -q -c "$config" 2>&1 8>&- 9>&-) ||
    put_back 3 "nginx -t refuses the configuration, so $file was put back as it was: $(echo "$said" | head -n 3)"
}

# The new texts are what nginx serves, or will when it starts.
bring_all() {
  take
  sync "$folder"
  nginx_ask "${names%% *}" || refuse 4 "nginx gives no answer at 127.0.0.1:$port; it begins with this when it starts"
  nginx_master
  reload
}

# Lets the nginx that has answered load what was taken over.
reload() {
  before=$(nginx_workers | grep ' now$')
  find_log
  kill -HUP "$master" || put_back 4 "nginx's process $master is gone; $file was put back as it was"
  is_served "$written" "$before" ||
    put_back 5 "nginx serves the configuration of before, so $file was put back as it was. The reason: $why"
}

# What changed last goes back first: no file ever names what another one does not have.
put_back() { # CODE WORDS
  back=
  for name in $names; do back="$name $back"; done
  for name in $back served.conf; do cp -p "$backups/.$name.before" "$folder/.$name.new" && put "$name"; done
  refuse "$1" "$2"
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
  why='no new process in 10 s'
  while [ "$(date +%s)" -le "$until" ]; do
    if nginx_ask "${names%% *}" && [ "$stamp" = "$1" ] && ! nginx_workers | grep -qxF -- "$2"; then return; fi
    said=$(tail -c "+$((log_size + 1))" "$log" | grep '\[emerg\]')
    [ -z "$said" ] || why=$(echo "$said" | head -n 1)
    # it tries to bind a port several times
    echo "$said" | grep -v 'bind() to' | grep -q . && break
    sleep 0.05
  done
  return 1
}
