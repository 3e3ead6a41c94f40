# What a restore stages beside its targets, and what it writes down of that. A program asks for this text with `# uses: give-up place
# target staged`.
#
# /var/lib/pawl/backups/restores/ID has
#   places     folders in which something comes back, a line each, written before they are made
#   staged     TARGET STAGED lines: all of it is there, on the disk, and measured
#   asides     TARGET ASIDE lines, each written before what is there gets out of the way
#   was        what a swap has found: seconds since 1970, and units that were at work

staged_at() { # ID
  staged_journal=/var/lib/pawl/backups/restores/$1
  staged_short=$(printf %s "$1" | sha256sum | head -c 8)
}

# Ends the program where an earlier run has staged all of it.
staged_begin() { # ID PLACE(-|FOLDER)
  staged_at "$1"
  staged_goes_to=$2
  (umask 077 && mkdir -p "$staged_journal")
  [ ! -e "$staged_journal/staged" ] || { staged_put; exit 0; }
  [ "$2" = - ] || { [ ! -e "$2" ] && [ ! -L "$2" ]; } || give_up 53 "$2 is there already: name another folder"
  rm -f "$staged_journal/staged.new"
  # what this host has read before tells nothing of the store
  RESTIC_CACHE_DIR=$staged_journal/cache
  rm -rf "$RESTIC_CACHE_DIR"
}

# A place on a target's file system, into which only root can look: beside it, or below it where it is a mount point. There a name with
# the dot of `staged_hidden` would be a database to MariaDB.
staged_place() { # TARGET NEEDED-BYTES
  mkdir -p "${1%/*}"
  if target_mounted "$1"; then
    staged_beside=$1/${staged_hidden:-.}restore-$staged_short
  else
    staged_beside=${1%/*}/.${1##*/}.restore-$staged_short
  fi
  echo "$staged_beside" >>"$staged_journal/places"
  sync "$staged_journal/places" "$staged_journal"
  place_begin "$staged_beside" "$2"
}

# As the plan has asked before: a mount, or a link, may have come since.
staged_may_swap() { # TARGET
  trouble=$(target_trouble "$1")
  [ "$trouble" = '' ] || give_up 53 "$1 $trouble"
}

staged_note() { # TARGET STAGED
  printf '%s %s\n' "$1" "$2" >>"$staged_journal/staged.new"
  sync -f "$2"
}

# From here on it can be swapped in. Where nobody wants it any longer it goes.
staged_end() { # SECRET-FILE
  [ -e "$1" ] || give_up 31 'it is not wanted any longer'
  rm -rf "$RESTIC_CACHE_DIR"
  sync "$staged_journal/staged.new"
  mv -T "$staged_journal/staged.new" "$staged_journal/staged"
  sync "$staged_journal"
  place_stays=yes
  staged_put
}

# What goes to a folder of its own is there at once, and whole.
staged_put() {
  [ "$staged_goes_to" != - ] || return 0
  read -r target staged <"$staged_journal/staged"
  [ ! -e "$staged" ] || mv -T "$staged" "$target"
  sync "${target%/*}"
}
