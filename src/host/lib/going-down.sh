# A host that goes down cancels what systemctl was asked for. That is no failure of a job: it waits for its
# own end, counts as cut, and can run again when the host is back. A job asks for this with `# uses: going-down`.
trap '[ $? -eq 0 ] || [ "$(systemctl is-system-running)" != stopping ] || sleep 90' EXIT
