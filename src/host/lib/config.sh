# States of a set of configuration files. A program asks for this text with `# uses: give-up config`.
#
# A state is a folder with
#   manifest  a line for each file: MODE OWNER GROUP BYTES SHA256 ACTION PATH; the sum of one that is not there is `absent`
#   actions   numbered by their lines: `reload UNIT`, `restart UNIT`, `run ARGUMENT…`, each argument in base64
#   tree      the files, at their paths below it, with owner and mode
# and its name is the sum of the first two. What a host had before is a state like any other, so there is one way to switch.
#
# A state has labels: the revision that it comes from, or the change that found it. `at/LABEL` is a line `STATE LABEL`: the
# second word is what the host says of itself in `current` when it was switched to. What a change found is known by the
# label that it had, where nobody has edited it since.

config_sum() { # STATE-FOLDER
  set -- "$(cat "$1/manifest" "$1/actions" | sha256sum)"
  echo "${1%% *}"
}

# Prints what is at each path on stdin: file|other MODE OWNER GROUP BYTES SHA256 PATH, and nothing of what is not there.
# Few programs, however many files.
config_facts() {
  config_seen=$(xargs -r -d '\n' stat -c '%f %04a %U %G %s %n' -- 2>/dev/null) || true
  # the first digit says that it is a regular file
  config_sums=$(printf '%s\n' "$config_seen" | sed -n 's/^8[^/]* //p' | xargs -r -d '\n' sha256sum -- 2>/dev/null) || true
  printf '%s\n' "$config_sums" = "$config_seen" | awk '
    $0 == "=" { seen = 1; next }
    !seen { sum[$2] = $1; next }
    NF { print ($1 ~ /^8/ ? "file" : "other"), $2, $3, $4, $5, ($6 in sum ? sum[$6] : "-"), $6 }
  '
}

# Prints the lines of a manifest whose files are otherwise, each with what is at its path before it: absent, file or other.
config_otherwise() { # STATE-FOLDER
  cut -d ' ' -f 7 "$1/manifest" | config_facts | cat - "$1/manifest" | awk '
    $1 == "file" || $1 == "other" { is[$7] = $1; facts[$7] = $2 " " $3 " " $4 " " $6; next }
    {
      now = $7 in is ? is[$7] : "absent"
      if (now == "absent" ? $5 == "absent" : now == "file" && facts[$7] == $1 " " $2 " " $3 " " $5) next
      print now, $0
    }
  '
}

# Takes the files from stdin, one behind the other.
config_receive() { # STATE-FOLDER
  mkdir "$1/tree"
  awk -v tree="$1/tree" '$5 != "absent" { sub("/[^/]*$", "", $7); print tree $7 }' "$1/manifest" | sort -u | xargs -r -d '\n' mkdir -p --
  while read -r _ _ _ bytes sum _ path <&8; do
    [ "$sum" = absent ] || head -c "$bytes" >"$1/tree$path" || give_up 20 "$1 has too little space"
  done 8<"$1/manifest"
  awk -v tree="$1/tree" '$5 != "absent" { print $5 "  " tree $7 }' "$1/manifest" >"$1/sums"
  [ ! -s "$1/sums" ] || sha256sum --quiet --check "$1/sums" >/dev/null 2>&1 || give_up 82 'the files have other sums'
  rm -f "$1/sums"
  # files with the same rights at once
  awk '$5 != "absent" { print $1, $2, $3 }' "$1/manifest" | sort -u | while read -r mode owner group; do
    config_having "$1" "$mode $owner $group" | xargs -d '\n' chown -- "$owner:$group" 2>/dev/null || {
      path=$(config_having "$1" "$mode $owner $group" | sed 1q)
      give_up 24 "${path#"$1/tree"}: there is no account $owner or no group $group"
    }
    config_having "$1" "$mode $owner $group" | xargs -d '\n' chmod -- "$mode"
  done
}

config_having() { # STATE-FOLDER RIGHTS
  awk -v tree="$1/tree" -v rights="$2" '$5 != "absent" && $1 " " $2 " " $3 == rights { print tree $7 }' "$1/manifest"
}

# Sets aside what is at the paths of another state now.
config_look() { # NEW-STATE-FOLDER OTHER-STATE-FOLDER
  mkdir -p "$1/tree"
  cp "$2/actions" "$1/actions"
  config_here=$(cut -d ' ' -f 7 "$2/manifest" | xargs -r -d '\n' stat -c '%f %n' -- 2>/dev/null) || true
  config_odd=$(printf '%s\n' "$config_here" | sed -n '/^8/!s/^[^/]*//p' | sed 1q)
  [ -z "$config_odd" ] || give_up 25 "$config_odd is no regular file"
  # it takes the rights of folders from where it stands
  printf '%s\n' "$config_here" | sed -n 's|^8[^/]*/||p' | (cd / && xargs -r -d '\n' cp -p --parents -t "$1/tree" --)
  # of the copies: what they are of may be edited meanwhile
  printf '%s\n' "$config_here" | sed -n "s|^8[^/]*|$1/tree|p" | config_facts | sed "s|$1/tree/|/|" | cat - "$2/manifest" | awk '
    $1 == "file" { facts[$7] = $2 " " $3 " " $4 " " $5 " " $6; next }
    { print ($7 in facts ? facts[$7] : "- - - 0 absent"), $6, $7 }
  ' >"$1/manifest"
}

config_publish() { # STATE-FOLDER NAME
  # one that is wanted again is not old
  [ ! -d "$2" ] || { touch "$2" && return 0; }
  sync -f "$1"
  mv -T "$1" "$2"
  sync "${2%/*}"
}

config_label() { # FOLDER LABEL LINE
  mkdir -p "$1/at"
  printf '%s\n' "$3" >"$1/at/.$2"
  sync "$1/at/.$2"
  mv -T "$1/at/.$2" "$1/at/$2"
  sync "$1/at"
}

# Keeps the newest states, and those that somebody may want; labels go with their states, and the oldest of many.
config_forget() { # FOLDER KEEP STATE…
  folder=$1 keep=$2
  shift 2
  for old in $(find "$folder" -mindepth 1 -maxdepth 1 -type d -name '????????????????????????????????????????????????????????????????' \
    -printf '%T@ %f\n' | sort -rn | cut -d ' ' -f 2 | tail -n +"$((keep + 1))"); do
    case " $* $(cat "$folder/current" "$folder/switching" 2>/dev/null) " in
    *"$old"*) ;;
    *) rm -rf "${folder:?}/$old" ;;
    esac
  done
  find "$folder/at" -type f -printf '%T@ %p\n' | sort -rn | cut -d ' ' -f 2- | awk -v keep=$((10 * keep)) '{ print (NR > keep), $0 }' |
    while read -r old label; do
      read -r at _ <"$label"
      if [ "$old" = 1 ] || [ ! -d "$folder/$at" ]; then rm -f "$label"; fi
    done
}

# Prints the label of what is in use, where the files are still as they were switched to.
config_known() { # FOLDER
  [ -f "$1/current" ] || return 1
  read -r known_state known <"$1/current"
  [ -f "$1/$known_state/manifest" ] || return 1
  [ -z "$(config_otherwise "$1/$known_state")" ] || return 1
  echo "$known"
}

# Prints PATH ACTION of each file that came with the configuration in use; `-`: nothing follows. What a change found on the
# host was never brought.
config_brought() { # FOLDER
  [ -f "$1/current" ] || return 0
  read -r _ config_of <"$1/current"
  case $config_of in before-*) return 0 ;; esac
  [ -f "$1/at/$config_of" ] || return 0
  read -r config_of _ <"$1/at/$config_of"
  [ -f "$1/$config_of/manifest" ] || return 0
  awk 'FILENAME == ARGV[1] { action[FNR] = $0; next } $5 != "absent" { print $7, ($6 == "-" ? "-" : action[$6]) }' \
    "$1/$config_of/actions" "$1/$config_of/manifest"
}

# The same of what has come with other sets: it is none of this one.
config_others() { # FOLDER
  for other in "${1%/*}"/*; do [ "$other" = "$1" ] || config_brought "$other"; done
}

# Prints PATH ACTION of each file that the configuration in use has brought, and this one knows nothing of.
config_surplus() { # FOLDER STATE-FOLDER
  { cut -d ' ' -f 7 "$2/manifest" && config_others "$1" | cut -d ' ' -f 1 && echo = && config_brought "$1"; } |
    awk '$0 == "=" { brought = 1; next } !brought { known[$0]; next } !($1 in known)'
}

# Makes all files as a state has them, and removes what the configuration in use has brought beside them; all or none: what may fail comes before the first rename, and whatever fails then is
# taken back. Cut off anywhere, the next call goes on. What is to be done afterwards is written down first.
config_switch() { # FOLDER LABEL [ACTIONS]   none of these may be needed
  [ -f "$1/at/$2" ] || give_up 30 "there is no configuration $2 in $1"
  config_line=$(cat "$1/at/$2")
  config_state=$1/${config_line%% *}
  [ -f "$config_state/manifest" ] || give_up 30 "$config_state is not staged"
  config_todo=$1/todo.new config_pending=$1/switching.new
  # what an earlier, cut attempt had still to do
  if [ -f "$1/switching" ] && [ "$(sed 1q "$1/switching")" = "$config_line" ]; then cp "$1/switching" "$config_pending"; else echo "$config_line" >"$config_pending"; fi
  config_otherwise "$config_state" >"$config_todo"
  awk 'FILENAME == ARGV[1] { action[FNR] = $0; next } $7 != "-" { print $7, ($6 == "absent" ? "gone" : "file"), action[$7] }' \
    "$config_state/actions" "$config_todo" >>"$config_pending"
  config_surplus "$1" "$config_state" | while read -r path action; do
    [ -e "$path" ] || [ -L "$path" ] || continue
    [ -f "$path" ] && [ ! -L "$path" ] && config_odd=file || config_odd=other
    echo "$config_odd - - - 0 absent - $path" >>"$config_todo"
    # a command comes before what is started or told to look again
    case $action in -) ;; run*) echo "0 gone $action" ;; *) echo "9999 gone $action" ;; esac >>"$config_pending"
  done
  config_odd=$(sed -n 's/^other .* //p' "$config_todo" | sed 1q)
  [ -z "$config_odd" ] || give_up 25 "$config_odd is no regular file"
  config_allowed "$config_todo" "$config_pending" "${3:-}"
  config_prepare "$config_state" "$config_todo"
  sync "$config_pending"
  mv -T "$config_pending" "$1/switching"
  sync "$1"
  config_rename "$config_todo"
  # also what an earlier, cut attempt has left
  { cat "$config_state/manifest" && config_brought "$1" | cut -d ' ' -f 1; } | config_parts new old | xargs -r -d '\n' rm -f --
  echo "$config_line" >"$1/current.new"
  sync "$1/current.new"
  mv -T "$1/current.new" "$1/current"
  rm -f "$config_todo"
}

# Files may have been edited since somebody found that none of this host must be restarted.
config_allowed() { # TODO PENDING ACTIONS
  [ -n "$3" ] || return 0
  config_barred=$(printf '%s\n' "$3" | tr ' ' '\n')
  ! { sed 1d "$2" | cut -d ' ' -f 1 && awk '{ print $7 }' "$1"; } | grep -qxF -e "$config_barred" ||
    give_up 33 'files that the host must leave rotation for are other ones now, too'
}

# The names that files have while they are replaced. Takes lines that end with their paths.
config_parts() { # new|old…
  while read -r line; do
    path=${line##* }
    for part in "$@"; do echo "${path%/*}/.${path##*/}.pawl-$part"; done
  done
}

# Beside each file, so that a rename puts it in place; the old one keeps a second name until all are through.
config_prepare() { # STATE-FOLDER TODO
  config_parts new old <"$2" | xargs -r -d '\n' rm -f --
  awk '$6 != "absent" { sub("/[^/]*$", "", $8); print $8 }' "$2" | sort -u | xargs -r -d '\n' mkdir -p --
  while read -r now _ _ _ _ sum _ path <&8; do
    part=${path%/*}/.${path##*/}.pawl
    [ "$now" = absent ] || ln -- "$path" "$part-old"
    [ "$sum" = absent ] || cp -p -- "$1/tree$path" "$part-new" || give_up 20 "there is no room for $path"
  done 8<"$2"
  grep -v '^[^/]* absent ' "$2" | config_parts new | xargs -r -d '\n' sync --
}

config_rename() { # TODO
  while read -r _ _ _ _ _ sum _ path <&8; do
    part=${path%/*}/.${path##*/}
    if [ "$sum" = absent ]; then rm -f -- "$path"; else mv -T -- "$part.pawl-new" "$path"; fi || {
      config_take_back "$1"
      give_up 31 "$path could not be replaced; all files are as they were"
    }
  done 8<"$1"
  sed 's/^.* //; s|/[^/]*$||' "$1" | sort -u | while read -r place; do [ ! -d "$place" ] || echo "$place"; done | xargs -r -d '\n' sync --
}

config_take_back() { # TODO
  while read -r line <&7; do
    path=${line##* }
    part=${path%/*}/.${path##*/}
    if [ -e "$part.pawl-old" ]; then mv -fT -- "$part.pawl-old" "$path" || true; else rm -f -- "$path" || true; fi
    rm -f -- "$part.pawl-new" "$part.pawl-old"
  done 7<"$1"
}

# After `config_switch`: makes services use the files of which some are new: each action once, restarts before reloads of the same unit.
config_act() { # FOLDER
  restarted=' '
  # lines NUMBER file|gone ACTION: one of a file that is there is worth more than one of a file that is gone
  sed 1d "$1/switching" | sort -n | awk '
    { action = substr($0, length($1) + length($2) + 3) }
    !(action in kind) { order[++count] = action }
    !(action in kind) || $2 == "file" { kind[action] = $2 }
    END { for (nth = 1; nth <= count; nth++) print kind[order[nth]], order[nth] }
  ' >"$1/acting"
  while read -r kind what rest <&8; do
    state=$(systemctl show -P ActiveState -- "$rest" 2>/dev/null) || state=
    case $what:$state in
    # whoever was stopped stays so
    re*:inactive) ;;
    reload:active | reload:reloading)
      # whoever has just been restarted has read them
      case $restarted in *" $rest "*) continue ;; esac
      systemctl reload -- "$rest" || give_up 32 "$rest was not reloaded"
      ;;
    re*)
      # also one that other files have kept from its start
      systemctl reset-failed -- "$rest" 2>/dev/null || true
      systemctl restart -- "$rest" || give_up 32 "$rest was not restarted"
      restarted="$restarted$rest "
      ;;
    run:*)
      for argument in $rest; do echo "$argument" | base64 -d; printf '\n'; done | xargs -d '\n' sh -c 'exec "$@"' sh ||
        # a command that is for a file that is gone may well need it
        [ "$kind" = gone ] ||
        give_up 32 "a command after the switch failed"
      ;;
    esac
  done 8<"$1/acting"
  rm -f "$1/switching" "$1/acting"
}
