//! A browser to look at pages with: Debian's Chromium, without a window, asked over a pipe (the DevTools protocol).

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A browser with one page.
pub struct Browser {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    /// Where it keeps what it remembers.
    _profile: tempfile::TempDir,
    session: Option<String>,
    asked: u64,
    /// The addresses that the page has asked for since it was opened.
    requests: Vec<String>,
}

/// What a page says it prefers, and how wide it is.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    pub width: u32,
    pub dark: bool,
    pub scripts: bool,
}

impl Browser {
    /// Starts it. There is no test without it: what it would have seen would be unseen.
    pub fn start() -> Self {
        let program = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|program| {
            Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
        });
        let program = program.expect(
            "there is no browser to look at reports with: run `make test`, which installs it, or \
             `apt-get install --no-install-recommends chromium`",
        );
        let profile = tempfile::tempdir().unwrap();
        // It reads from file descriptor 3 and writes to 4; a shell puts our pipes there.
        let mut process = Command::new("sh")
            .args(["-c", "exec \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null 2>&1", "sh", program])
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe"])
            .args(["--disable-dev-shm-usage", "--no-first-run", "--disable-extensions", "--force-color-profile=srgb"])
            // It asks nobody for anything but the page.
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        let mut browser = Self { process, to, from, _profile: profile, session: None, asked: 0, requests: Vec::new() };
        let target = browser.ask("Target.createTarget", json!({"url": "about:blank"}))["targetId"].clone();
        let session = browser.ask("Target.attachToTarget", json!({"targetId": target, "flatten": true}));
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Network", "Runtime"] {
            browser.ask(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Asks for `method` and waits for the answer.
    fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.asked += 1;
        let mut message = json!({"id": self.asked, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(message.to_string().as_bytes()).unwrap();
        self.to.write_all(&[0]).unwrap();
        self.to.flush().unwrap();
        loop {
            let answer = self.read();
            if answer["id"] == self.asked {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
        }
    }

    fn read(&mut self) -> Value {
        let mut message = Vec::new();
        self.from.read_until(0, &mut message).unwrap();
        assert!(message.pop().is_some(), "the browser has gone");
        let message: Value = serde_json::from_slice(&message).unwrap();
        if message["method"] == "Network.requestWillBeSent" {
            self.requests.push(message["params"]["request"]["url"].as_str().unwrap().to_owned());
        }
        message
    }

    /// Opens the page at `path` on a screen, and waits until all of it is there; the addresses that it asked for.
    pub fn open(&mut self, path: &Path, screen: Screen) -> Vec<String> {
        let Screen { width, dark, scripts } = screen;
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.ask("Emulation.setDeviceMetricsOverride", size);
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.ask("Emulation.setEmulatedMedia", media);
        self.ask("Emulation.setScriptExecutionDisabled", json!({"value": !scripts}));
        self.requests.clear();
        self.ask("Page.navigate", json!({"url": format!("file://{}", path.display())}));
        while self.read()["method"] != "Page.loadEventFired" {}
        std::mem::take(&mut self.requests)
    }

    /// The page from above down to `height`, as PNG.
    pub fn photograph(&mut self, width: u32, height: u32) -> Vec<u8> {
        let clip = json!({"x": 0, "y": 0, "width": width, "height": height, "scale": 1});
        let answer = self.ask("Page.captureScreenshot", json!({"captureBeyondViewport": true, "clip": clip}));
        base64(answer["data"].as_str().unwrap())
    }

    /// The value of an expression on the page.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let result = self.ask("Runtime.evaluate", json!({"expression": expression, "returnByValue": true}));
        assert!(result["exceptionDetails"].is_null(), "{}", result["exceptionDetails"]);
        result["result"]["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What base 64 stands for (RFC 4648).
fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits: Vec<_> = text.bytes().map_while(|byte| DIGITS.iter().position(|digit| *digit == byte)).collect();
    let group = |digits: &[usize]| {
        let bits = digits.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - digits.len()));
        [bits >> 16, bits >> 8, bits].map(|byte| (byte & 255) as u8).into_iter().take(digits.len() - 1)
    };
    digits.chunks(4).flat_map(group).collect()
}
