//! The admin socket: one line of a question, one line of JSON, and what follows it. Spec:
//! `spec/operations.md`, the admin socket.
//!
//! It is a file in the relay's directory that only the relay's user can open; that is all of its access
//! control. Each conversation has a thread of its own, and there are few at once.

use super::backup::{self, BackupFault};
use super::figures::Figures;
use super::observed::Observed;
use super::prometheus;
use super::status::{Room, Status};
use super::survey::Counts;
use crate::clock;
use crate::home::{Home, store_trouble};
use crate::serve::Renewal;
use crate::store::{Store, StoreFault};
use crate::trouble::{Exit, Trouble};
use sipher_wire::Time;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::UnixListener;
use tokio::sync::{Notify, Semaphore};
use tokio::task::spawn_blocking;

/// All that an operator can reach in a running relay.
#[derive(Debug)]
pub(crate) struct Control<S> {
    pub(crate) data: PathBuf,
    pub(crate) began: Time,
    pub(crate) figures: Arc<Figures>,
    pub(crate) store: Arc<Observed<S>>,
    pub(crate) renewal: Renewal,
    /// The relay is to end.
    pub(crate) drain: Arc<Notify>,
    pub(crate) counted: Mutex<Option<Counted>>,
}

/// What the store held when it was last counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    at: Time,
    took: Duration,
    counts: Counts,
}

/// Makes the socket in a relay's directory. One that a killed relay left behind is replaced.
///
/// # Errors
/// If the file can't be made; a path over about 100 octets can't be a socket's.
// spec: admin-1
pub(crate) fn bind(data: &Path) -> std::io::Result<UnixListener> {
    let (new, path) = (data.join("admin.new"), data.join(SOCKET));
    drop(std::fs::remove_file(&new));
    let listener = UnixListener::bind(&new)?;
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&new, &path)?;
    Ok(listener)
}

/// Answers operators for as long as the relay runs.
pub(crate) async fn serve<S: Store>(control: Arc<Control<S>>, listener: UnixListener) {
    let room = Arc::new(Semaphore::new(CONVERSATIONS));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, as a rule: some connection must end first.
            pause().await;
            continue;
        };
        let control = Arc::clone(&control);
        drop(spawn_blocking(move || {
            if let Ok(stream) = stream.into_std() {
                // An operator who hangs up has what he wanted.
                drop(converse(&control, stream));
            }
            drop(permit);
        }));
    }
}

fn converse<S: Store>(control: &Control<S>, mut stream: UnixStream) -> std::io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut question = String::new();
    BufReader::new((&stream).take(QUESTION_OCTETS)).read_line(&mut question)?;
    match control.answer(question.trim_end()) {
        Err(trouble) => writeln!(stream, "{}", trouble.to_json()),
        Ok(Answer::Text(line, text)) => write!(stream, "{line}\n{text}"),
        Ok(Answer::Backup(files)) => {
            stream.write_all(b"{}\n")?;
            let out = BufWriter::with_capacity(COPY_OCTETS, stream);
            match backup::write(&control.store, &files, out) {
                Ok(()) => tracing::info!("a backup was made"),
                // Its taker sees that it has no end.
                Err(fault) => tracing::warn!("a backup failed: {}", why(&fault)),
            }
            Ok(())
        }
        Ok(Answer::Drain) => {
            stream.write_all(b"{}\n")?;
            tracing::info!("asked to drain");
            control.drain.notify_one();
            // The end of this conversation tells him that the relay has ended.
            stream.set_read_timeout(None)?;
            stream.read(&mut [0]).map(drop)
        }
    }
}

enum Answer {
    /// A line of JSON, and text.
    Text(String, String),
    Backup(Vec<(&'static str, zeroize::Zeroizing<String>)>),
    Drain,
}

impl<S: Store> Control<S> {
    fn answer(&self, question: &str) -> Result<Answer, Trouble> {
        match question {
            "status" => {
                let status = self.status()?;
                Ok(Answer::Text(
                    serde_json::to_string(&status).unwrap_or_default(),
                    String::new(),
                ))
            }
            "metrics" => {
                let text = prometheus::text(&self.status()?, &self.figures.snapshot());
                Ok(Answer::Text("{}".into(), text))
            }
            "backup" => Ok(Answer::Backup(Home::kept_files(&self.data)?)),
            "rotate tls" => {
                self.renewal.renew().map_err(|fault| {
                    Trouble::new(
                        Exit::Bug,
                        "no new certificate could be made",
                        fault.to_string(),
                        "the old one is used on; report this",
                    )
                })?;
                tracing::info!("a new certificate is in use");
                Ok(Answer::Text("{}".into(), String::new()))
            }
            "drain" => Ok(Answer::Drain),
            _ => Err(Trouble::new(
                Exit::Usage,
                "the relay does not know this question",
                "it runs another version than this command",
                "restart the relay, so that both are the same version",
            )),
        }
    }

    fn status(&self) -> Result<Status, Trouble> {
        let counts = self.counts().map_err(|fault| store_trouble(&self.data, &fault))?;
        let (now, figures) = (clock::now(), self.figures.snapshot());
        Ok(Status::of(
            now,
            self.began,
            &figures,
            counts,
            Room::of(&self.data),
        ))
    }

    /// Counts the store anew, unless the last time is so fresh that counting would be most of the work.
    fn counts(&self) -> Result<Counts, StoreFault> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = clock::now();
        if let Some(last) = *counted
            && begun.since(last.at) < last.took * COUNTING_SHARE
        {
            return Ok(last.counts);
        }
        let counts = Counts::of(&self.store)?;
        let at = clock::now();
        *counted = Some(Counted {
            at,
            took: at.since(begun),
            counts,
        });
        Ok(counts)
    }
}

#[expect(clippy::disallowed_methods, reason = "a driver may sleep")]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

fn why(fault: &BackupFault) -> String {
    match fault {
        BackupFault::Out(error) => format!("its taker stopped, {}", error.kind()),
        fault => fault.to_string(),
    }
}

/// The socket's name in the relay's directory.
pub(crate) const SOCKET: &str = "admin.sock";
/// Operators at once: a person, a monitor, a backup, one more.
const CONVERSATIONS: usize = 4;
/// The longest question is far shorter.
const QUESTION_OCTETS: u64 = 256;
/// Who says or takes nothing for so long has gone.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a backup writes at once.
const COPY_OCTETS: usize = 256 * 1024;
/// Counting takes at most one part in so many of the time.
const COUNTING_SHARE: u32 = 20;
