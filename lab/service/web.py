#!/usr/bin/python3 -IS
"""The lab's example service: a small HTTP/1.1 server in one thread.

It serves what its release says: `version` and `behaviour.json` lie beside `bin/`. A loop over epoll
instead of a framework, because one core must carry some thousand requests a second beside everything
else, and a start should take some 50 ms.

  /          host and version       /health   200 ok
  /version   the version            /slow     answers after 8 s, or ?ms= milliseconds
  /path/one  200, unless the release spoils this path; /path/two, too
  /config    revision and settings of /etc/web/settings.json, where there is one; read at the start and on SIGHUP
  /metrics   response times as a histogram of Prometheus; health and version are spared
"""
import bisect
import heapq
import json
import os
import select
import signal
import socket
import sys
import time

HOST = os.uname().nodename
RELEASE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
REASONS = {200: 'OK', 400: 'Bad Request', 404: 'Not Found', 405: 'Method Not Allowed',
           500: 'Internal Server Error', 503: 'Service Unavailable'}
MAX_HEAD = 16384


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


VERSION = read(RELEASE + '/version').strip()
# errorShare, addMs, startMs, willNotStart, badPath, unhealthy, leakKiB; see release.ts
RELEASED = json.loads(read(RELEASE + '/behaviour.json'))
SETTINGS = '/etc/web/settings.json'
leaked = []
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10)
SPARED = ('/health', '/version', '/metrics', '/config')
counts, spent = [0] * (len(BOUNDS) + 1), 0


def settings():
    """What stands there is worth more than what the release says; one that is no JSON keeps the service from starting."""
    return json.loads(read(SETTINGS)) if os.path.exists(SETTINGS) else {}


CONFIG = settings()
BEHAVIOUR = {**RELEASED, **CONFIG}


def took(seconds):
    global spent
    counts[bisect.bisect_left(BOUNDS, seconds)] += 1
    spent += seconds


def metrics():
    lines, below = ['# TYPE http_request_duration_seconds histogram'], 0
    for bound, count in zip((*BOUNDS, '+Inf'), counts):
        below += count
        lines.append(f'http_request_duration_seconds_bucket{{le="{bound}"}} {below}')
    lines += [f'http_request_duration_seconds_sum {spent}', f'http_request_duration_seconds_count {below}']
    return '\n'.join(lines) + '\n'


def answer(target):
    """Returns status, body and delay in seconds for a request target."""
    path, _, query = target.partition('?')
    delay = BEHAVIOUR.get('addMs', 0) / 1000
    if path == '/health':
        return (503, 'unhealthy\n', 0) if BEHAVIOUR.get('unhealthy') else (200, 'ok\n', 0)
    if path == '/version':
        return 200, VERSION + '\n', delay
    if path == '/metrics':
        return 200, metrics(), 0
    if path == '/config':
        return 200, json.dumps(CONFIG, sort_keys=True) + '\n', 0
    if BEHAVIOUR.get('leakKiB'):
        leaked.append(os.urandom(1024) * BEHAVIOUR['leakKiB'])
    share = BEHAVIOUR.get('errorShare', 0)
    if path == BEHAVIOUR.get('badPath') or share and int.from_bytes(os.urandom(4), 'big') < share * 2**32:
        return 500, 'spoiled by this release\n', delay
    if path == '/slow':
        ms = query[3:] if query.startswith('ms=') and query[3:].isdigit() else '8000'
        return 200, f'{HOST} {VERSION} after {ms} ms\n', delay + min(int(ms), 600_000) / 1000
    if path in ('/', '/path/one', '/path/two'):
        return 200, f'{HOST} {VERSION}\n', delay
    return 404, 'no such path\n', delay


class Connection:
    """One client; its requests are answered one after the other."""

    def __init__(self, sock):
        self.sock, self.data, self.busy, self.keep, self.ended = sock, b'', False, True, False
        self.begun = None


class Server:
    def __init__(self, port):
        self.listener = socket.create_server(('', port), backlog=1024)
        self.listener.setblocking(False)
        self.connections, self.timers, self.stopping, self.count = {}, [], False, 0
        self.epoll = select.epoll()
        self.epoll.register(self.listener, select.EPOLLIN)
        # a signal writes into this pair, so it is never missed between two rounds of the loop
        self.waker, wake = socket.socketpair()
        wake.setblocking(False)
        self.wake = wake
        signal.set_wakeup_fd(wake.fileno())
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: None)
        self.epoll.register(self.waker, select.EPOLLIN)

    def run(self):
        """Serves until SIGTERM, then until the last request in work has its answer."""
        while not self.stopping or self.connections:
            self.round(self.timers[0][0] - time.monotonic() if self.timers else -1)

    def round(self, timeout):
        stop = False
        for fd, _ in self.epoll.poll(max(timeout, 0) if self.timers else timeout):
            if fd == self.waker.fileno():
                numbers = self.waker.recv(64)
                stop = stop or signal.SIGTERM in numbers
                if signal.SIGHUP in numbers:
                    self.reload()
            elif fd == self.listener.fileno():
                self.accept()
            elif fd in self.connections:
                self.receive(self.connections[fd])
        while self.timers and self.timers[0][0] <= time.monotonic():
            self.send(*heapq.heappop(self.timers)[2:])
        if stop and not self.stopping:
            self.stop()

    @staticmethod
    def reload():
        """Settings that are no JSON are not taken, and nobody hears of it: services are like that."""
        try:
            fresh = settings()
        except ValueError:
            return
        for known, values in ((CONFIG, fresh), (BEHAVIOUR, {**RELEASED, **fresh})):
            known.clear()
            known.update(values)

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:  # nothing more to accept, or gone again
                return
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections[sock.fileno()] = Connection(sock)
            self.epoll.register(sock, select.EPOLLIN)

    def receive(self, connection):
        try:
            data = connection.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b''
        connection.data += data
        if not data or len(connection.data) > MAX_HEAD:
            # the client may still want the answer in work: it may have closed one direction only
            connection.ended = True
            connection.keep = False
            self.epoll.unregister(connection.sock)
        self.serve(connection)

    def serve(self, connection):
        """Takes up the next complete request, if there is one and none is in work."""
        if connection.busy:
            return
        head, found, rest = connection.data.partition(b'\r\n\r\n')
        if not found:
            if connection.ended or self.stopping:
                self.close(connection)
            return
        connection.data, connection.busy = rest, True
        status, body, delay, method = self.parse(connection, head.decode('latin-1'))
        if delay <= 0:
            return self.send(connection, status, body, method)
        self.count += 1
        heapq.heappush(self.timers, (time.monotonic() + delay, self.count, connection, status, body, method))

    def parse(self, connection, head):
        line, _, fields = head.partition('\r\n')
        words = line.split(' ')
        if len(words) != 3 or words[2] not in ('HTTP/1.1', 'HTTP/1.0'):
            connection.keep = False
            return 400, 'bad request\n', 0, 'GET'
        method, target, protocol = words
        connection.begun = None if target.startswith(SPARED) else time.monotonic()
        fields = fields.lower()
        wish = fields.partition('connection:')[2].partition('\r\n')[0]
        if 'close' in wish or (protocol == 'HTTP/1.0' and 'keep-alive' not in wish):
            connection.keep = False
        if method not in ('GET', 'HEAD') or 'content-length:' in fields or 'transfer-encoding:' in fields:
            connection.keep = False  # a body would have to be read before the next request
            return 405, 'only GET and HEAD\n', 0, 'GET'
        return *answer(target), method

    def send(self, connection, status, body, method):
        if self.stopping:
            connection.keep = False
        text = (f'HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: text/plain\r\n'
                f'Content-Length: {len(body)}\r\nX-Host: {HOST}\r\nX-Version: {VERSION}\r\n'
                f'Connection: {"keep-alive" if connection.keep else "close"}\r\n\r\n')
        data = (text + body if method == 'GET' else text).encode()
        connection.busy = False
        if connection.begun is not None:
            took(time.monotonic() - connection.begun)
            connection.begun = None
        try:
            whole = connection.sock.send(data) == len(data)
        except OSError:
            whole = False
        if not whole or not connection.keep:  # cut short: the client is gone or does not read
            return self.close(connection)
        self.serve(connection)

    def close(self, connection):
        del self.connections[connection.sock.fileno()]
        connection.sock.close()

    def stop(self):
        """Takes what has arrived already, then no more; idle connections end now."""
        self.accept()
        self.epoll.unregister(self.listener)
        self.listener.close()
        for fd, _ in self.epoll.poll(0):
            if fd in self.connections:
                self.receive(self.connections[fd])
        self.stopping = True
        for connection in list(self.connections.values()):
            if not connection.busy and not connection.data:
                self.close(connection)


def note_start():
    """One line for each start: time, version, pid, boot id."""
    now = time.time()
    stamp = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now)) + f'.{int(now % 1 * 1000):03}Z'
    boot = read('/proc/sys/kernel/random/boot_id').strip()
    with open(os.environ['LOGS_DIRECTORY'] + '/starts.log', 'a', encoding='utf-8') as log:
        log.write(f'{stamp} {VERSION} {os.getpid()} {boot}\n')


def tell_systemd(message):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.connect(os.environ['NOTIFY_SOCKET'])
        sock.send(message)


note_start()
if BEHAVIOUR.get('willNotStart'):
    sys.exit('this release does not start')
time.sleep(BEHAVIOUR.get('startMs', 0) / 1000)
server = Server(int(os.environ['PORT']))
tell_systemd(b'READY=1')
server.run()
