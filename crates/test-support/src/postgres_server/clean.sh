# Ends a PostgreSQL and removes its directory, once the process that started it has ended.
#
# $1: the directory. That process holds a lock on the file `lock` in it, and the system releases the lock
# however the process ends.

# The server and its children work in the data directory, and initdb in the directory above.
processes_of() {
    for process in /proc/[0-9]*; do
        if [ "$process/cwd" -ef "$1/data" ] || [ "$process/cwd" -ef "$1" ]; then
            echo "${process#/proc/}"
        fi
    done
}

clean() {
    # On QUIT, a server ends at once and frees its shared memory. A test may have paused it, so CONT follows.
    signal=QUIT
    tries=0
    while processes=$(processes_of "$1") && [ -n "$processes" ]; do
        kill -"$signal" $processes
        kill -CONT $processes
        tries=$((tries + 1))
        [ "$tries" -lt 50 ] || signal=KILL
        sleep 0.1
    done
    # A server that was killed leaves a segment of shared memory, of which the system has a limited number.
    segment=$(sed -n '7s/.* //p' "$1/data/postmaster.pid")
    [ -z "$segment" ] || ipcrm --shmem-id "$segment"
    rm -rf "$1"
}

flock "$1/lock" true
clean "$1"

# This script may have been killed too, so each run cleans up after the others. A directory without the file is
# just being made.
for directory in "${1%/*}"/kith-postgres-*; do
    if [ -e "$directory/lock" ] && flock --nonblock "$directory/lock" true; then
        clean "$directory"
    fi
done
