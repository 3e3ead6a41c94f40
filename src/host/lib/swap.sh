# The two ways to put what is staged in the place of what is there. A program asks for this text with `# uses: target volume staged
# swap`, and defines `back WORDS`, which undoes all and ends the program.
#
#   whole    the folder is renamed
#   entries  where it is a mount point: what is in it is renamed into a folder below it, one by one
#
# Each has WAY_is_in, where nothing is staged any more; WAY_in; and WAY_back. All go by `target` and `staged`, and by what exists: they
# may be cut between any two lines, and begun again.

swap_way() {
  case $staged in
  "$target"/*) echo entries ;;
  *) echo whole ;;
  esac
}

# What goes aside is known before it goes.
swap_note() { # ASIDE
  echo "$target $1" >>"$staged_journal/asides"
  sync "$staged_journal/asides" "$staged_journal"
}

swap_asides() {
  awk -v target="$target" '$1 == target && !seen[$2]++ { print $2 }' "$staged_journal/asides" 2>/dev/null || true
}

whole_is_in() { [ -e "$target" ]; }

whole_in() {
  [ -e "$staged" ] || return 0
  if [ -e "$target" ]; then
    aside=$target.aside-$staged_short nth=1
    # somebody may have made a new one since an earlier run was cut
    while [ -e "$aside" ]; do nth=$((nth + 1)) aside=$target.aside-$staged_short.$nth; done
    swap_note "$aside"
    mv -T "$target" "$aside" || back "$target does not go aside"
  fi
  mv -T "$staged" "$target" || back "$target does not come to its place"
  sync "${target%/*}" "${staged%/*}"
}

whole_back() {
  last=$(swap_asides | tail -n 1)
  [ -e "$staged" ] || mv -T "$target" "$staged"
  [ "$last" = '' ] || [ ! -e "$last" ] || [ -e "$target" ] || mv -T "$last" "$target"
}

# Sets, all on the same file system as the target:
#   entries_place    in which it was staged
#   entries_emptied  is there when all has gone aside: from then on what lies in the target is new
#   entries_spent    what was staged, when all of it has come up
#   entries_aside    for what was there; where a name is taken, another one with a number
entries_at() {
  entries_place=${staged#"$target"/}
  entries_place=$target/${entries_place%%/*}
  entries_emptied=$entries_place/emptied entries_spent=$entries_place/spent
  entries_aside=${entries_place%restore-*}aside-$staged_short
}

entries_is_in() {
  entries_at
  [ -e "$entries_emptied" ]
}

entries_in() {
  [ -e "$staged" ] || return 0
  entries_at
  { entries_first && entries_lock; } || back "nothing can be changed in $target"
  [ -e "$entries_emptied" ] || entries_away || back "$target does not go aside: $(tail -n 1 "$staged_journal/said")"
  entries_up || back "$target does not come to its place: $(tail -n 1 "$staged_journal/said")"
  { entries_like "$target" "$staged" && mv -T "$staged" "$entries_spent"; } || back "$target does not come to its place"
  sync "$target" "$entries_place" "${staged%/*}"
}

# The target's own owner and mode are to be read from it, so it gets its name when it has them.
entries_first() {
  [ ! -e "$entries_aside" ] || return 0
  swap_note "$entries_aside" && rm -rf "$entries_place/aside" && mkdir "$entries_place/aside" &&
    entries_like "$entries_place/aside" "$target" && mv -T "$entries_place/aside" "$entries_aside" && sync "$target" "$entries_place"
}

# A server that a power cut brings up must not begin its work on a half of its files. Its account does not come in until all is there.
entries_lock() {
  chown root:root "$target" && chmod 700 "$target" && sync "$target"
}

# Where two had the same name, because somebody was at work between two runs, both are kept.
entries_away() {
  nth=1 entries_to=$entries_aside
  until
    { entries_move "$target" "$entries_to" && sync "$entries_to"; } || return 1
    ! entries_any "$target"
  do entries_next; done
  sync "$target" && : >"$entries_emptied" && sync "$entries_emptied" "$entries_place"
}

# Who came to life meanwhile may have put something there.
entries_up() {
  nth=1
  until
    entries_move "$staged" "$target" || return 1
    ! entries_any "$staged"
  do
    entries_next
    { entries_yield "$entries_to" && sync "$entries_to"; } || return 1
  done
  sync "$target" "$staged"
}

entries_next() {
  nth=$((nth + 1))
  entries_to=$entries_aside.$nth
  [ -e "$entries_to" ] || { swap_note "$entries_to" && mkdir -m 700 "$entries_to"; }
}

entries_back() {
  entries_at
  # nothing of it was touched
  [ -e "$entries_aside" ] || return 0
  [ -e "$staged" ] || mv -T "$entries_spent" "$staged"
  entries_lock
  if [ -e "$entries_emptied" ]; then
    entries_move "$target" "$staged"
    sync "$target" "$staged"
    rm "$entries_emptied"
    sync "$entries_place"
  fi
  for aside in $(swap_asides); do [ ! -e "$aside" ] || entries_move "$aside" "$target"; done
  entries_like "$target" "$entries_aside"
  sync "$target"
  for aside in $(swap_asides); do rmdir "$aside" 2>/dev/null || true; done
}

entries_any() { # FOLDER
  [ "$(volume_entries "$1" -printf . -quit | wc -c)" -gt 0 ]
}

# All whose name is not taken there; the others stay, and nothing is written over. Some versions of mv call those a failure.
# shellcheck disable=SC2016 # by a shell of its own
entries_move() { # FROM TO
  volume_entries "$1" -exec mv -n -t "$2" -- {} + 2>"$staged_journal/said" ||
    volume_entries "$1" -exec sh -c 'to=$1; shift
      for one; do [ -e "$to/${one##*/}" ] || [ -L "$to/${one##*/}" ] || exit 1; done' - "$2" {} +
}

# What lies in the target under a name that is still to come up.
# shellcheck disable=SC2016 # by a shell of its own
entries_yield() { # TO
  volume_entries "$staged" -exec sh -c 'at=$1 to=$2; shift 2
    for one; do one=${one##*/}; mv -n -t "$to" -- "$at/$one" || [ -e "$to/$one" ] || [ -L "$to/$one" ] || exit 1; done' \
    - "$target" "$1" {} + 2>"$staged_journal/said"
}

# Owner, mode, times, and what else a folder has.
entries_like() { # FOLDER MODEL
  tar -C "$2" --format=posix --acls --xattrs --no-recursion -cf "$staged_journal/like" . &&
    tar -C "$1" --acls --xattrs --numeric-owner -xpf "$staged_journal/like"
}
