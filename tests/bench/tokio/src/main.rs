// SPDX-License-Identifier: ISC
//
// What the tests of bring cost in Tokio. Prints one line per case: its name and the median time of one operation in ns.
//
// A multi-thread runtime may keep two tasks that talk to each other on one worker, and then nothing crosses CPUs. So the cases of
// two parties have one current-thread runtime each, on pinned threads of their own; fan-out and blocking reads have a
// multi-thread runtime with two pinned workers. Every answer is checked; a wrong one aborts.

use std::fs::File;
use std::future::Future;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::os::unix::io::FromRawFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{unbounded_channel, UnboundedReceiver, UnboundedSender};

const TRIPS: u64 = 256; // timed together
const MESSAGES: u64 = 2048;
const REQUESTS: u64 = 64;
const BRANCHES: usize = 16;
const BLOCK: usize = 4096;
const FILE_BYTES: u64 = 16 << 20;
const READS: usize = 256;

// ---- threads and CPUs ----

fn allowed() -> Vec<usize> {
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        assert_eq!(libc::sched_getaffinity(0, std::mem::size_of_val(&set), &mut set), 0);
        (0..libc::CPU_SETSIZE as usize).filter(|&c| libc::CPU_ISSET(c, &set)).collect()
    }
}

/// The calling thread runs on the i-th of the CPUs only.
fn pin(cpus: &[usize], i: usize) {
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpus[i % cpus.len()], &mut set);
        assert_eq!(libc::sched_setaffinity(0, std::mem::size_of_val(&set), &set), 0);
    }
}

fn on_thread<F>(i: usize, future: F) -> std::thread::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let cpus = allowed();
    std::thread::spawn(move || {
        pin(&cpus, i);
        Builder::new_current_thread().enable_io().build().unwrap().block_on(future)
    })
}

/// Two parties, each with a runtime and a CPU. Returns what the first one does.
fn two<A, B>(first: A, second: B) -> A::Output
where
    A: Future + Send + 'static,
    B: Future + Send + 'static,
    A::Output: Send + 'static,
    B::Output: Send + 'static,
{
    let b = on_thread(1, second);
    let a = on_thread(0, first);
    let out = a.join().unwrap();
    b.join().unwrap();
    out
}

/// A runtime of two pinned workers; threads of the blocking pool may run anywhere.
fn workers() -> Runtime {
    let started = Arc::new(AtomicUsize::new(0));
    let (counter, cpus) = (started.clone(), allowed());
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_io()
        .on_thread_start(move || {
            let n = counter.fetch_add(1, Ordering::SeqCst);
            if n < 2 {
                pin(&cpus, n);
            }
        })
        .build()
        .unwrap();
    while started.load(Ordering::SeqCst) < 2 {
        std::thread::yield_now();
    }
    runtime
}

// ---- times ----

/// Iterations until the time is over, a tenth of it not counted; `take` gives the median of one operation.
struct Timer {
    end: Instant,
    warm: Instant,
    begun: Instant,
    per: u64,
    ns: Vec<u64>,
}

impl Timer {
    fn new(duration: Duration, per: u64) -> Timer {
        let now = Instant::now();
        Timer { end: now + duration, warm: now + duration / 10, begun: now, per, ns: Vec::with_capacity(1 << 20) }
    }

    fn start(&mut self) -> bool {
        self.begun = Instant::now();
        self.begun < self.end || self.ns.is_empty()
    }

    fn stop(&mut self) {
        if self.begun >= self.warm {
            self.ns.push(self.begun.elapsed().as_nanos() as u64);
        }
    }

    fn take(mut self) -> f64 {
        self.ns.sort_unstable();
        self.ns[self.ns.len() / 2] as f64 / self.per as f64
    }
}

// ---- cases ----

type Tx = UnboundedSender<u64>;
type Rx = UnboundedReceiver<u64>;

async fn answer(mut rx: Rx, tx: Tx) {
    while let Some(n) = rx.recv().await {
        if tx.send(n).is_err() {
            break;
        }
    }
}

async fn trips(tx: &Tx, rx: &mut Rx, first: u64, n: u64) {
    for i in first..first + n {
        tx.send(i).unwrap();
        assert_eq!(rx.recv().await, Some(i));
    }
}

fn pingpong(duration: Duration) -> f64 {
    let ((tx, far_rx), (far_tx, mut rx)) = (unbounded_channel(), unbounded_channel());
    let first = async move {
        let mut timer = Timer::new(duration, TRIPS);
        let mut number = 0;
        while timer.start() {
            trips(&tx, &mut rx, number, TRIPS).await;
            timer.stop();
            number += TRIPS;
        }
        timer.take()
    };
    two(first, answer(far_rx, far_tx))
}

fn coldstart(duration: Duration) -> f64 {
    let mut timer = Timer::new(duration, 1);
    while timer.start() {
        let ((tx, far_rx), (far_tx, mut rx)) = (unbounded_channel(), unbounded_channel());
        two(async move { trips(&tx, &mut rx, 0, 64).await }, answer(far_rx, far_tx));
        timer.stop();
    }
    timer.take()
}

/// Numbers one by one, or in vectors of `batch`.
fn oneway(duration: Duration, batch: u64) -> f64 {
    let (tx, mut far_rx) = unbounded_channel::<u64>();
    let (many_tx, mut many_rx) = unbounded_channel::<Vec<u64>>();
    let (far_tx, mut rx) = unbounded_channel::<u64>();
    let first = async move {
        let mut timer = Timer::new(duration, MESSAGES);
        let mut number = 0;
        while timer.start() {
            for i in (number..number + MESSAGES).step_by(batch as usize) {
                if batch == 1 {
                    tx.send(i).unwrap();
                } else {
                    many_tx.send((i..i + batch).collect()).unwrap();
                }
            }
            assert_eq!(rx.recv().await, Some(0));
            timer.stop();
            number += MESSAGES;
        }
        timer.take()
    };
    let second = async move {
        let (mut next, mut wrong) = (0u64, 0u64);
        loop {
            if batch == 1 {
                let Some(n) = far_rx.recv().await else { break };
                wrong += u64::from(n != next);
                next += 1;
            } else {
                let Some(many) = many_rx.recv().await else { break };
                for n in many {
                    wrong += u64::from(n != next);
                    next += 1;
                }
            }
            if next % MESSAGES == 0 && far_tx.send(wrong).is_err() {
                break;
            }
        }
    };
    two(first, second)
}

fn grind(mut x: u64, steps: u32) -> u64 {
    for _ in 0..steps {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    x
}

fn seed(request: u64, branch: usize) -> u64 {
    ((request << 8 | branch as u64) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1
}

fn fanout(duration: Duration, skewed: bool) -> f64 {
    let steps: Vec<u32> = (0..BRANCHES)
        .map(|i| if !skewed { 2000 } else if i == 0 { 32000 } else { 1000 })
        .collect();
    let sums: Vec<u64> = (0..REQUESTS)
        .map(|r| (0..BRANCHES).fold(0, |s: u64, i| s.wrapping_add(grind(seed(r, i), steps[i]))))
        .collect();
    let driver = async move {
        let mut timer = Timer::new(duration, REQUESTS);
        let mut handles = Vec::with_capacity(BRANCHES);
        while timer.start() {
            for (r, sum) in sums.iter().enumerate() {
                for (i, &n) in steps.iter().enumerate() {
                    let x = seed(r as u64, i);
                    handles.push(tokio::spawn(async move { grind(x, n) }));
                }
                let mut got = 0u64;
                for h in handles.drain(..) {
                    got = got.wrapping_add(h.await.unwrap());
                }
                assert_eq!(got, *sum);
            }
            timer.stop();
        }
        timer.take()
    };
    let runtime = workers();
    runtime.block_on(async { tokio::spawn(driver).await.unwrap() })
}

// ---- a file in the page cache, without a name ----

fn word(i: u64) -> u64 {
    let z = (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z ^ z >> 29
}

fn make_file() -> Arc<File> {
    let fd = unsafe { libc::open(c_dot(), libc::O_TMPFILE | libc::O_RDWR | libc::O_CLOEXEC, 0o600) };
    assert!(fd >= 0, "no file without a name can be made here");
    let mut file = unsafe { File::from_raw_fd(fd) };
    let data: Vec<u8> = (0..FILE_BYTES / 8).flat_map(|i| word(i).to_le_bytes()).collect();
    file.write_all(&data).unwrap();
    file.sync_all().unwrap();
    Arc::new(file)
}

fn c_dot() -> *const libc::c_char {
    b".\0".as_ptr() as *const libc::c_char
}

fn check(data: &[u8], at: u64) {
    let word_at = |i: usize| u64::from_le_bytes(data[i..i + 8].try_into().unwrap());
    assert_eq!(word_at(0), word(at / 8));
    assert_eq!(word_at(BLOCK - 8), word(at / 8 + BLOCK as u64 / 8 - 1));
}

fn next(state: &mut u64) -> u64 {
    *state = grind(*state, 1);
    *state % (FILE_BYTES / BLOCK as u64) * BLOCK as u64
}

fn pread_loop(duration: Duration) -> f64 {
    let file = make_file();
    let (mut state, mut data) = (1, vec![0; BLOCK]);
    let mut timer = Timer::new(duration, READS as u64);
    pin(&allowed(), 0);
    while timer.start() {
        for _ in 0..READS {
            let at = next(&mut state);
            file.read_exact_at(&mut data, at).unwrap();
            check(&data, at);
        }
        timer.stop();
    }
    timer.take()
}

/// The other party reads, and sends the buffer back.
fn read_worker(duration: Duration) -> f64 {
    let file = make_file();
    let (tx, mut far_rx) = unbounded_channel::<(u64, Vec<u8>)>();
    let (far_tx, mut rx) = unbounded_channel::<(u64, Vec<u8>)>();
    let first = async move {
        let mut timer = Timer::new(duration, READS as u64);
        let (mut state, mut data) = (1, vec![0; BLOCK]);
        while timer.start() {
            for _ in 0..READS {
                let at = next(&mut state);
                tx.send((at, data)).unwrap();
                let (back, read) = rx.recv().await.unwrap();
                assert_eq!(back, at);
                check(&read, at);
                data = read;
            }
            timer.stop();
        }
        timer.take()
    };
    let second = async move {
        while let Some((at, mut data)) = far_rx.recv().await {
            file.read_exact_at(&mut data, at).unwrap();
            if far_tx.send((at, data)).is_err() {
                break;
            }
        }
    };
    two(first, second)
}

/// spawn_blocking, with that many calls under way.
fn read_blocking(duration: Duration, depth: usize) -> f64 {
    let file = make_file();
    let driver = async move {
        let mut timer = Timer::new(duration, READS as u64);
        let mut state = 1;
        let mut spare: Vec<Vec<u8>> = (0..depth).map(|_| vec![0; BLOCK]).collect();
        let mut flying = std::collections::VecDeque::with_capacity(depth);
        while timer.start() {
            let mut left = READS;
            while left > 0 || !flying.is_empty() {
                while left > 0 && flying.len() < depth {
                    let (at, file, mut data) = (next(&mut state), file.clone(), spare.pop().unwrap());
                    flying.push_back((at, tokio::task::spawn_blocking(move || {
                        file.read_exact_at(&mut data, at).unwrap();
                        data
                    })));
                    left -= 1;
                }
                let (at, handle) = flying.pop_front().unwrap();
                let data = handle.await.unwrap();
                check(&data, at);
                spare.push(data);
            }
            timer.stop();
        }
        timer.take()
    };
    let runtime = workers();
    runtime.block_on(async { tokio::spawn(driver).await.unwrap() })
}

fn echo(duration: Duration) -> f64 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let first = async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (mut sent, mut back) = ([7u8; 256], [0u8; 256]);
        let mut timer = Timer::new(duration, TRIPS);
        let mut number = 0u64;
        while timer.start() {
            for _ in 0..TRIPS {
                number += 1;
                sent[..8].copy_from_slice(&number.to_le_bytes());
                stream.write_all(&sent).await.unwrap();
                stream.read_exact(&mut back).await.unwrap();
                assert_eq!(sent, back);
            }
            timer.stop();
        }
        timer.take()
    };
    let second = async move {
        listener.set_nonblocking(true).unwrap();
        let (mut stream, _) = TcpListener::from_std(listener).unwrap().accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut data = [0u8; 256];
        while stream.read_exact(&mut data).await.is_ok() {
            stream.write_all(&data).await.unwrap();
        }
    };
    two(first, second)
}

const CASES: &[(&str, fn(Duration) -> f64)] = &[
    ("pingpong", pingpong),
    ("oneway-1", |d| oneway(d, 1)),
    ("oneway-64", |d| oneway(d, 64)),
    ("oneway-2048", |d| oneway(d, MESSAGES)),
    ("coldstart", coldstart),
    ("fanout-balanced", |d| fanout(d, false)),
    ("fanout-skewed", |d| fanout(d, true)),
    ("read-loop", pread_loop),
    ("read-1-worker", read_worker),
    ("read-1-blocking", |d| read_blocking(d, 1)),
    ("read-32-blocking", |d| read_blocking(d, 32)),
    ("echo", echo),
];

/// Arguments: milliseconds of each case, then names of cases; none: all.
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let ms = args.first().and_then(|a| a.parse().ok()).unwrap_or(500);
    for (name, case) in CASES.iter().filter(|c| args.len() < 2 || args[1..].iter().any(|a| a == c.0)) {
        println!("{name} {:.1}", case(Duration::from_millis(ms)));
    }
}
