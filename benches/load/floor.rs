//! Measures the limits of the machine: the floors to which results are compared.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Returns how often per second 4 KiB can be appended to a file and synced.
pub(super) fn syncs_per_second(directory: &Path, span: Duration) -> f64 {
    let mut file =
        OpenOptions::new().append(true).create(true).open(directory.join("floor")).unwrap();
    let (began, mut count) = (Instant::now(), 0_u32);
    while began.elapsed() < span {
        file.write_all(&[7; 4096]).unwrap();
        file.sync_data().unwrap();
        count += 1;
    }
    f64::from(count) / began.elapsed().as_secs_f64()
}

/// Returns the microseconds of this thread for writing this number of bytes to each of N loopback
/// sockets with readers.
pub(super) fn write_cost(receivers: usize, bytes: usize, span: Duration) -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut sockets: Vec<TcpStream> = Vec::new();
    let mut readers = Vec::new();
    for _ in 0..receivers {
        readers.push(TcpStream::connect(address).unwrap());
        sockets.push(listener.accept().unwrap().0);
    }
    let reading = thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        let mut open = readers;
        while !open.is_empty() {
            open.retain_mut(|reader| reader.read(&mut buffer).is_ok_and(|read| read > 0));
        }
    });
    let frame = vec![b'x'; bytes];
    let before = thread_time();
    let (began, mut writes) = (Instant::now(), 0_u32);
    while began.elapsed() < span {
        for socket in &mut sockets {
            socket.write_all(&frame).unwrap();
            writes += 1;
        }
    }
    let spent = thread_time().saturating_sub(before);
    drop(sockets);
    reading.join().unwrap();
    spent.as_secs_f64() * 1e6 / f64::from(writes)
}

/// Returns the processor time of this thread, from the scheduler.
pub(super) fn thread_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}
