//! [`MailServer`]: a mail server that keeps what it takes, and refuses what it is told to.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;

use tokio::io::AsyncBufReadExt;
use tokio::io::AsyncWriteExt;
use tokio::io::BufReader;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

/// What it answers to a mail instead of taking it.
pub const BUSY: &str = "451 4.3.0 try again later";
pub const NO_SUCH_USER: &str = "550 5.1.1 no such user";

/// Speaks SMTP (RFC 5321) on a port of its own, for as long as the test's runtime lives.
#[derive(Clone)]
pub struct MailServer {
    pub url: String,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    /// Each with the epoch in which it came.
    mails: Vec<(u64, String)>,
    epoch: u64,
    refusals: Vec<&'static str>,
    asked: usize,
}

impl MailServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let kept = Arc::new(Mutex::new(Kept::default()));
        let server = Self {
            url: format!("smtp://{address}"),
            kept,
        };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serving.clone();
                // A client that is killed breaks off in the middle.
                tokio::spawn(async move { serving.serve(stream).await });
            }
        });
        server
    }

    /// Refuses the next `times` mails.
    pub fn refuse(&self, answer: &'static str, times: usize) {
        let mut kept = self.kept.lock().expect("no panic");
        kept.refusals.extend(std::iter::repeat_n(answer, times));
    }

    /// How many mails it was asked to take.
    pub fn asked(&self) -> usize {
        self.kept.lock().expect("no panic").asked
    }

    /// What it took, each as it was sent.
    pub fn mails(&self) -> Vec<String> {
        let kept = self.kept.lock().expect("no panic");
        kept.mails.iter().map(|(_, mail)| mail.clone()).collect()
    }

    /// Begins another epoch, such as the life of another sender.
    pub fn next_epoch(&self) {
        self.kept.lock().expect("no panic").epoch += 1;
    }

    /// How many mails came twice in one epoch, by `Message-ID`.
    pub fn repeated_in_an_epoch(&self) -> usize {
        let kept = self.kept.lock().expect("no panic");
        let mails = kept.mails.iter();
        let all: Vec<_> = mails
            .map(|(epoch, mail)| (epoch, header(mail, "Message-ID")))
            .collect();
        let distinct: HashSet<_> = all.iter().collect();
        all.len() - distinct.len()
    }

    /// How often each recipient was sent each mail, by `Message-ID`.
    pub fn by_recipient(&self) -> HashMap<String, HashMap<String, usize>> {
        let mut recipients = HashMap::<_, HashMap<_, usize>>::new();
        for mail in self.mails() {
            let to = header(&mail, "To").to_owned();
            let id = header(&mail, "Message-ID").to_owned();
            *recipients.entry(to).or_default().entry(id).or_default() += 1;
        }
        recipients
    }

    async fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 kept.example ESMTP\r\n").await?;
        while let Some(line) = lines.next_line().await? {
            let command = line.split(' ').next().unwrap_or_default().to_uppercase();
            let answer = match &*command {
                "EHLO" => "250-kept.example\r\n250 8BITMIME",
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await?;
                    let mut mail = String::new();
                    while let Some(line) = lines.next_line().await? {
                        if line == "." {
                            break;
                        }
                        mail += line.strip_prefix('.').unwrap_or(&line);
                        mail += "\r\n";
                    }
                    self.take(mail)
                }
                "QUIT" => {
                    write.write_all(b"221 bye\r\n").await?;
                    return Ok(());
                }
                _ => "250 fine",
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
        Ok(())
    }

    fn take(&self, mail: String) -> &'static str {
        let mut kept = self.kept.lock().expect("no panic");
        kept.asked += 1;
        if !kept.refusals.is_empty() {
            return kept.refusals.remove(0);
        }
        let epoch = kept.epoch;
        kept.mails.push((epoch, mail));
        "250 taken"
    }
}

/// A header of a mail; empty where there is none.
pub fn header<'a>(mail: &'a str, name: &str) -> &'a str {
    let head = mail.split("\r\n\r\n").next().unwrap_or_default();
    let value = head
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    value.unwrap_or_default()
}
