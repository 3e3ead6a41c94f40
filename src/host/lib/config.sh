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

# Takes the files from stdin, one behind the other.
config_receive() { # STATE-FOLDER
  mkdir "$1/tree"
  while read -r mode owner group bytes sum _ path <&8; do
    [ "$sum" != absent ] || continue
    file=$1/tree$path
    mkdir -p "${file%/*}"
    head -c "$bytes" >"$file" || give_up 20 "$1 has too little space"
    echo "$sum  $file" >>"$1/sums"
    chown -- "$owner:$group" "$file" 2>/dev/null || give_up 24 "$path: there is no account $owner or no group $group"
    chmod "$mode" "$file"
  done 8<"$1/manifest"
  [ ! -e "$1/sums" ] || sha256sum --quiet --check "$1/sums" >/dev/null 2>&1 || give_up 82 'the files have other sums'
  rm -f "$1/sums"
}

# Sets aside what is at the paths of another state now.
config_look() { # NEW-STATE-FOLDER OTHER-STATE-FOLDER
  mkdir -p "$1/tree"
  cp "$2/actions" "$1/actions"
  while read -r _ _ _ _ _ action path <&8; do
    if [ ! -e "$path" ] && [ ! -L "$path" ]; then
      echo "- - - 0 absent $action $path"
      continue
    fi
    [ -f "$path" ] && [ ! -L "$path" ] || give_up 25 "$path is no regular file"
    mkdir -p "$1/tree${path%/*}"
    cp -p -- "$path" "$1/tree$path"
    sum=$(sha256sum <"$1/tree$path")
    echo "$(stat -c '%04a %U %G %s' "$1/tree$path") ${sum%% *} $action $path"
  done 8<"$2/manifest" >"$1/manifest"
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
  find "$folder/at" -type f -printf '%T@ %p\n' | sort -rn | cut -d ' ' -f 2- | awk -v keep=$((10 * keep)) '{ print NR > keep, $0 }' |
    while read -r old label; do
      read -r at _ <"$label"
      if [ "$old" = 1 ] || [ ! -d "$folder/$at" ]; then rm -f "$label"; fi
    done
}

# Whether a file is as a state has it.
config_same() { # STATE-FOLDER MODE OWNER GROUP SUM PATH
  [ "$5" != absent ] || { [ ! -e "$6" ] && [ ! -L "$6" ] && return 0 || return 1; }
  [ -f "$6" ] && [ ! -L "$6" ] && [ "$(stat -c '%04a %U %G' "$6")" = "$2 $3 $4" ] && cmp -s -- "$1/tree$6" "$6"
}

# Prints the label of what is in use, where the files are still as they were switched to.
config_known() { # FOLDER
  [ -f "$1/current" ] || return 1
  read -r known_state known <"$1/current"
  [ -f "$1/$known_state/manifest" ] || return 1
  while read -r mode owner group _ sum _ path <&8; do
    config_same "$1/$known_state" "$mode" "$owner" "$group" "$sum" "$path" || return 1
  done 8<"$1/$known_state/manifest"
  echo "$known"
}

# Makes all files as a state has them, or none: what may fail comes before the first rename, and whatever fails then is
# taken back. Cut off anywhere, the next call goes on. What is to be done afterwards is written down first.
config_switch() { # FOLDER LABEL
  [ -f "$1/at/$2" ] || give_up 30 "there is no configuration $2 in $1"
  config_line=$(cat "$1/at/$2")
  config_state=$1/${config_line%% *}
  [ -f "$config_state/manifest" ] || give_up 30 "$config_state is not staged"
  config_todo=$1/todo.new config_pending=$1/switching.new
  : >"$config_todo"
  # what an earlier, cut attempt had still to do
  if [ -f "$1/switching" ] && [ "$(sed 1q "$1/switching")" = "$config_line" ]; then cp "$1/switching" "$config_pending"; else echo "$config_line" >"$config_pending"; fi
  while read -r mode owner group _ sum action path <&8; do
    config_same "$config_state" "$mode" "$owner" "$group" "$sum" "$path" && continue
    [ ! -L "$path" ] && { [ ! -e "$path" ] || [ -f "$path" ]; } || give_up 25 "$path is no regular file"
    config_prepare "$config_state" "$sum" "$path"
    echo "$sum $path" >>"$config_todo"
    case $action:$sum in
    -:*) ;;
    *:absent) echo "$action gone" >>"$config_pending" ;;
    *) echo "$action" >>"$config_pending" ;;
    esac
  done 8<"$config_state/manifest"
  sync "$config_pending"
  mv -T "$config_pending" "$1/switching"
  sync "$1"
  config_rename "$config_todo"
  # also what an earlier, cut attempt has left
  while read -r _ _ _ _ _ _ path <&8; do rm -f -- "${path%/*}/.${path##*/}.pawl-new" "${path%/*}/.${path##*/}.pawl-old"; done 8<"$config_state/manifest"
  echo "$config_line" >"$1/current.new"
  sync "$1/current.new"
  mv -T "$1/current.new" "$1/current"
  rm -f "$config_todo"
}

# Beside the file, so that a rename puts it in place; the old one keeps a second name until all are through.
config_prepare() { # STATE-FOLDER SUM PATH
  part=${3%/*}/.${3##*/}
  rm -f -- "$part.pawl-new" "$part.pawl-old"
  [ ! -e "$3" ] || ln -- "$3" "$part.pawl-old"
  [ "$2" != absent ] || return 0
  mkdir -p "${3%/*}"
  cp -p -- "$1/tree$3" "$part.pawl-new" || give_up 20 "there is no room for $3"
  sync "$part.pawl-new"
}

config_rename() { # TODO
  while read -r sum path <&8; do
    part=${path%/*}/.${path##*/}
    if [ "$sum" = absent ]; then rm -f -- "$path"; else mv -T -- "$part.pawl-new" "$path"; fi || {
      config_take_back "$1"
      give_up 31 "$path could not be replaced; all files are as they were"
    }
  done 8<"$1"
  while read -r _ path <&8; do echo "${path%/*}"; done 8<"$1" | sort -u |
    while read -r place; do [ ! -d "$place" ] || sync "$place"; done
}

config_take_back() { # TODO
  while read -r _ path <&7; do
    part=${path%/*}/.${path##*/}
    if [ -e "$part.pawl-old" ]; then mv -fT -- "$part.pawl-old" "$path" || true; else rm -f -- "$path" || true; fi
    rm -f -- "$part.pawl-new" "$part.pawl-old"
  done 7<"$1"
}

# After `config_switch`: makes services use the files of which some are new: each action once, restarts before reloads of the same unit.
config_act() { # FOLDER
  config_actions=$config_state/actions restarted=' '
  for number in $(sed 1d "$1/switching" | cut -d ' ' -f 1 | sort -un); do
    line=$(sed -n "${number}p" "$config_actions")
    what=${line%% *} rest=${line#* }
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
        ! grep -qx "$number" "$1/switching" ||
        give_up 32 "a command after the switch failed"
      ;;
    esac
  done
  rm -f "$1/switching"
}
