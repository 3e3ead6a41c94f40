# Compares files with a manifest, and with the states of them that this host keeps (see lib/config.sh). Changes nothing.
# usage: find-drift FOLDER LANE MOST FILES   on stdin lines MODE OWNER GROUP BYTES SHA256 show|hide PATH
#   LANE   of the jobs that switch the files
#   MOST, FILES  content of at most so many bytes is shown, of so many files
# prints
#   current STATE LABEL   switching STATE LABEL (a switch was begun and is not over)   at LABEL STATE LABEL
#   job KEY               a job of the lane runs
#   whole STATE           all files are as this one has them
#   ahead N               files that are as the manifest has them, and not as the current state has them
#   is MODE OWNER GROUP file|link|folder|other|absent SHA256 PATH   of each file that is otherwise than the manifest; then
#     bytes STATE, same STATE  kept states with these bytes (or this gap), with owner and mode too
#     content BASE64           where it may be shown, and no revision that the host keeps has these bytes
# uses: config-read
set -eu
export LC_ALL=C
folder=$1 lane=$2 most=$3 files=$4
wanted=$(cat)

running() {
  read -r key <"/var/lib/pawl/lanes/$lane.job" || return 0
  case $(systemctl show -P ActiveState "pawl-job-$key.service") in
  inactive | failed | '') ;;
  *) echo "job $key" ;;
  esac
}

kept() {
  for manifest in "$folder"/*/manifest; do
    [ ! -f "$manifest" ] || {
      state=${manifest%/manifest}
      sed "s|^|kept ${state##*/} |" "$manifest"
    }
  done
}

known=$(config_read "$folder")
states=$(kept)
# of all files at once: a program for each of a thousand takes seconds
paths=$({ echo "$wanted" | cut -d ' ' -f 7 && echo "$states" | cut -d ' ' -f 9; } | sort -u | grep / || true)
facts=$(echo "$paths" | xargs -r -d '\n' stat --printf 'stat %04a %U %G %n %F\n' -- 2>/dev/null || true)
sums=$(echo "$facts" | awk '$6 == "regular" { print $5 }' | xargs -r -d '\n' sha256sum -- 2>/dev/null || true)

[ -z "$known" ] || echo "$known"
[ ! -f "/var/lib/pawl/lanes/$lane.job" ] || running || true
{
  echo "$known"
  echo "$wanted" | sed 's/^/wanted /'
  echo "$facts"
  echo "$sums" | sed 's/^/sum /'
  echo "$states"
} | awk '
  function as_it_is(path) { return rights[path] " " sum[path] }
  $1 == "current" { current = $2 }
  # what a change found by hand is no revision
  $1 == "at" && ($2 !~ /^before-/ || $4 !~ /^before-/) { revision[$3] = 1 }
  $1 == "wanted" { path = $8; order[++count] = path; want[path] = $2 " " $3 " " $4 " " $6; shown[path] = ($7 == "show") }
  $1 == "stat" {
    rights[$5] = $2 " " $3 " " $4
    kind[$5] = ($6 == "regular") ? "file" : ($6 == "symbolic") ? "link" : ($6 == "directory") ? "folder" : "other"
  }
  $1 == "sum" && $3 != "" { sum[$3] = $2 "" }
  $1 == "kept" {
    state = $2; path = $9
    if ($7 == "absent") { bytes = (kind[path] == ""); same = bytes }
    else {
      bytes = (kind[path] == "file" && sum[path] "" == $7 "")
      same = (bytes && rights[path] == $3 " " $4 " " $5)
    }
    if (!(state in whole)) whole[state] = 1
    if (!same) whole[state] = 0
    if (bytes) like[path] = like[path] "bytes " state "\n"
    if (same) like[path] = like[path] "same " state "\n"
    if (bytes && state in revision) brought[path] = 1
    if (!same && state == current && path in want && kind[path] == "file" && as_it_is(path) == want[path]) ahead++
  }
  END {
    for (state in whole) if (whole[state]) print "whole " state
    print "ahead " ahead + 0
    for (nth = 1; nth <= count; nth++) {
      path = order[nth]
      if (kind[path] == "file" && as_it_is(path) == want[path]) continue
      is = (kind[path] == "") ? "absent" : kind[path]
      print "is", (is == "absent") ? "- - -" : rights[path], is, (sum[path] == "") ? "-" : sum[path], path
      printf "%s", like[path]
      if (is == "file" && shown[path] && !(path in brought)) print "send " path
    }
  }' | while read -r word rest; do
  if [ "$word" != send ]; then
    echo "$word $rest"
  elif [ "$files" -gt 0 ] && [ "$(stat -c %s -- "$rest")" -le "$most" ]; then
    files=$((files - 1))
    echo "content $(base64 -w 0 <"$rest")"
  fi
done
