//! The workloads. Each ends by itself within twenty seconds.

use crate::line::Line;
use crate::meter;
use crate::subject::Subject;
use anyhow::{Context, Result, ensure};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// What a workload cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    /// Messages in the measured time.
    pub(crate) messages: u64,
    /// The measured time in seconds.
    pub(crate) seconds: f64,
    /// CPU of the server in that time, in milliseconds.
    pub(crate) cpu_millis: u64,
}

impl Figure {
    /// CPU milliseconds for a thousand messages.
    pub(crate) fn cpu_per_thousand(self) -> f64 {
        float(self.cpu_millis) * 1000.0 / float(self.messages.max(1))
    }

    /// Messages a second.
    pub(crate) fn rate(self) -> f64 {
        float(self.messages) / self.seconds
    }
}

/// W1: senders to as many owners who are connected, each with a window of requests.
pub(crate) async fn live(subject: &Subject, seconds: u64) -> Result<Figure> {
    let boxes = 1000..1000 + PAIRS;
    subject.open_boxes(boxes.clone()).await?;
    let mut tasks = JoinSet::new();
    let received = Arc::new(AtomicU64::new(0));
    for number in boxes.clone() {
        read(subject, number, &mut tasks, &received).await?;
    }
    let load = Load::start(subject, boxes.map(|n| n..n + 1).collect(), LIVE_WINDOW).await?;
    let figure = measure(subject, &received, seconds).await?;
    drop(load);
    Ok(figure)
}

/// W2: senders to queues whose owners are away. Gives the figure, and how many items wait now.
pub(crate) async fn store(subject: &Subject, seconds: u64) -> Result<(Figure, u64)> {
    subject.open_boxes(0..BOXES).await?;
    let load = Load::start(subject, vec![0..BOXES; SENDERS], STORE_WINDOW).await?;
    let figure = measure(subject, &load.answered, seconds).await?;
    Ok((figure, load.end().await?))
}

/// W2 with one sender who waits for each answer.
pub(crate) async fn store_alone(subject: &Subject, seconds: u64) -> Result<(Figure, u64)> {
    subject.open_boxes(0..BOXES).await?;
    let load = Load::start(subject, vec![0..BOXES; 1], 1).await?;
    let figure = measure(subject, &load.answered, seconds).await?;
    Ok((figure, load.end().await?))
}

/// W3: the owners come and take what waits. Gives the figure, and how many items didn't come in time.
pub(crate) async fn drain(subject: &Subject, waiting: u64) -> Result<(Figure, u64)> {
    let mut tasks = JoinSet::new();
    let received = Arc::new(AtomicU64::new(0));
    let cpu = meter::cpu_millis(subject.server.pid())?;
    let begun = now();
    for number in 0..BOXES {
        read(subject, number, &mut tasks, &received).await?;
    }
    let mut last = (0, now());
    while received.load(Ordering::Relaxed) < waiting && begun.elapsed() < LONGEST {
        pause(Duration::from_millis(20)).await;
        let count = received.load(Ordering::Relaxed);
        if count > last.0 {
            last = (count, now());
        } else if last.1.elapsed() > Duration::from_secs(3) {
            break;
        }
    }
    let seconds = (last.1 - begun).as_secs_f64();
    // What the last acknowledgements cost belongs to them.
    pause(Duration::from_millis(300)).await;
    let messages = received.load(Ordering::Relaxed);
    let figure = Figure {
        messages,
        seconds,
        cpu_millis: meter::cpu_millis(subject.server.pid())? - cpu,
    };
    Ok((figure, waiting.saturating_sub(messages)))
}

/// W5: KiB of memory for each idle connection with one box.
pub(crate) async fn idle(subject: &Subject) -> Result<f64> {
    subject.open_boxes(2000..2000 + IDLE).await?;
    let before = meter::pss_kib(subject.server.pid())?;
    let mut tasks = JoinSet::new();
    let received = Arc::new(AtomicU64::new(0));
    for number in 2000..2000 + IDLE {
        read(subject, number, &mut tasks, &received).await?;
    }
    pause(Duration::from_secs(1)).await;
    let after = meter::pss_kib(subject.server.pid())?;
    Ok(float(after.saturating_sub(before)) / f64::from(IDLE))
}

/// W6: connections that say who they are and go, one after the other.
pub(crate) async fn arrive(subject: &Subject, seconds: u64) -> Result<Figure> {
    subject.open_boxes(0..BOXES).await?;
    let cpu = meter::cpu_millis(subject.server.pid())?;
    let begun = now();
    let mut messages = 0;
    while begun.elapsed() < Duration::from_secs(seconds) {
        let number = u16::try_from(messages % u64::from(BOXES))?;
        let mut line = subject.line().await?;
        let (request, _) = subject.reader(&line, number)?;
        let mut sender = subject.sender(&line, 0..0)?;
        line.ask(&request, &mut *sender).await?;
        messages += 1;
    }
    Ok(Figure {
        messages,
        seconds: begun.elapsed().as_secs_f64(),
        cpu_millis: meter::cpu_millis(subject.server.pid())? - cpu,
    })
}

/// Senders at work.
struct Load {
    tasks: JoinSet<Result<()>>,
    answered: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Load {
    async fn start(subject: &Subject, to: Vec<std::ops::Range<u16>>, window: usize) -> Result<Self> {
        let mut load = Self {
            tasks: JoinSet::new(),
            answered: Arc::default(),
            stop: Arc::default(),
        };
        for boxes in to {
            let line: Line = subject.line().await?;
            let sender = subject.sender(&line, boxes)?;
            let (answered, stop) = (Arc::clone(&load.answered), Arc::clone(&load.stop));
            load.tasks.spawn(line.send_on(sender, window, answered, stop));
        }
        // Proofs are given once a connection; what is measured comes after them.
        pause(WARM_UP).await;
        Ok(load)
    }

    /// Ends when all is answered. Gives how many requests were.
    async fn end(mut self) -> Result<u64> {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = timeout(LONGEST, self.tasks.join_next()).await? {
            ended??;
        }
        Ok(self.answered.load(Ordering::Relaxed))
    }
}

async fn read(
    subject: &Subject,
    number: u16,
    tasks: &mut JoinSet<Result<()>>,
    received: &Arc<AtomicU64>,
) -> Result<()> {
    let mut line = subject.line().await?;
    let (request, reader) = subject.reader(&line, number)?;
    line.write(&request).await?;
    tasks.spawn(line.receive(reader, Arc::clone(received)));
    Ok(())
}

async fn measure(subject: &Subject, count: &AtomicU64, seconds: u64) -> Result<Figure> {
    let pid = subject.server.pid();
    let (before, cpu, begun) = (count.load(Ordering::Relaxed), meter::cpu_millis(pid)?, now());
    pause(Duration::from_secs(seconds)).await;
    let messages = count.load(Ordering::Relaxed) - before;
    let cpu_millis = meter::cpu_millis(pid)?.checked_sub(cpu).context("a clock")?;
    ensure!(messages > 0, "nothing was answered");
    Ok(Figure {
        messages,
        seconds: begun.elapsed().as_secs_f64(),
        cpu_millis,
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the time that passes is what is measured"
)]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "a load lasts for a time")]
async fn pause(time: Duration) {
    sleep(time).await;
}

const PAIRS: u16 = 8;
const LIVE_WINDOW: usize = 16;
const SENDERS: usize = 8;
const STORE_WINDOW: usize = 32;
const BOXES: u16 = 100;
const IDLE: u16 = 1000;
const WARM_UP: Duration = Duration::from_millis(1500);
/// No workload lasts longer.
const LONGEST: Duration = Duration::from_secs(18);

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of seconds of work, far below 2^52"
)]
fn float(count: u64) -> f64 {
    count as f64
}
