//! An S3 server that checks signatures (moto), with one user and one bucket.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{Ctl, Json};

/// The server as a child process; it forgets everything at its end.
pub(crate) struct S3 {
    child: Child,
    url: String,
    /// Access key id and secret access key.
    pub(crate) keys: (String, String),
    /// Those of a user who may read and write nothing.
    pub(crate) reader: (String, String),
}

/// The bucket that exists.
const BUCKET: &str = "backups";
/// Number of requests that are accepted without a signature: those of [`S3::prepare`].
const UNSIGNED: usize = 7;

fn tool(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools/s3/bin").join(name)
}

impl S3 {
    /// Starts a server.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with TLS, with a certificate for 127.0.0.1 and its key.
    pub(crate) fn start_tls(certificate: &Path, key: &Path) -> Self {
        let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
        Self::start_with(&["--ssl", "-c", certificate, "-k", key])
    }

    fn start_with(arguments: &[&str]) -> Self {
        let mut child = Command::new(tool("python"))
            .arg(tool("moto_server"))
            .args(["-H", "127.0.0.1", "-p", "0"])
            .args(arguments)
            .env("INITIAL_NO_AUTH_ACTION_COUNT", UNSIGNED.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the S3 server is installed (tests/run)");
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let found = lines.find_map(|line| Some(line.split_once("Running on ")?.1.to_owned()));
        let url = found.expect("the S3 server starts");
        let url = url.split(|c: char| c.is_whitespace() || c == '\u{1b}').next().unwrap();
        // Its log must not block it.
        std::thread::spawn(move || lines.for_each(drop));
        let mut server = Self {
            child,
            url: url.to_owned(),
            keys: Default::default(),
            reader: Default::default(),
        };
        server.prepare();
        server
    }

    /// Creates a user with all rights, one who may only read, and the bucket.
    fn prepare(&mut self) {
        let created = self.python(
            "iam = boto3.client('iam', **place, config=unsigned)\n\
             result = []\n\
             for user, actions in [('chatctl', 's3:*'), ('reader', ['s3:Get*', 's3:List*'])]:\n\
             \x20   iam.create_user(UserName=user)\n\
             \x20   key = iam.create_access_key(UserName=user)['AccessKey']\n\
             \x20   iam.put_user_policy(UserName=user, PolicyName='s3', PolicyDocument=json.dumps({\n\
             'Version': '2012-10-17',\n\
             'Statement': [{'Effect': 'Allow', 'Action': actions, 'Resource': '*'}]}))\n\
             \x20   result += [key['AccessKeyId'], key['SecretAccessKey']]\n\
             boto3.client('s3', **place).create_bucket(Bucket=bucket)",
        );
        let part = |n: usize| created[n].as_str().unwrap().to_owned();
        (self.keys, self.reader) = ((part(0), part(1)), (part(2), part(3)));
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        self.url.split_once("://").unwrap().1
    }

    /// Runs a program with another client of S3, boto3; returns its `result`. It finds `s3`, a
    /// client, and `bucket`.
    pub(crate) fn python(&self, program: &str) -> Json {
        let mut script = String::from("import boto3, botocore, json\n");
        let (key, secret) = &self.keys;
        let (key, secret) =
            if key.is_empty() { ("none", "none") } else { (key.as_str(), secret.as_str()) };
        write!(
            script,
            "place = dict(endpoint_url={:?}, region_name='us-east-1', verify=False, \
             aws_access_key_id={key:?}, aws_secret_access_key={secret:?})\n\
             bucket = {BUCKET:?}\n\
             unsigned = botocore.client.Config(retries={{'max_attempts': 1}})\n\
             s3 = boto3.client('s3', **place)\n{program}\nprint(json.dumps(result))\n",
            self.url
        )
        .unwrap();
        let output = Command::new(tool("python")).args(["-W", "ignore", "-c", &script]).output();
        let output = output.unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{script}\n{told}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Returns the keys of all objects.
    pub(crate) fn objects(&self) -> Vec<String> {
        let found = self.python(
            "result = [o['Key'] for o in s3.list_objects_v2(Bucket=bucket).get('Contents', [])]",
        );
        serde_json::from_value(found).unwrap()
    }

    /// Returns the number of uploads that are neither complete nor dropped.
    pub(crate) fn unfinished(&self) -> usize {
        let found = self
            .python("result = len(s3.list_multipart_uploads(Bucket=bucket).get('Uploads', []))");
        usize::try_from(found.as_u64().unwrap()).unwrap()
    }

    /// The settings of a server that keeps uploaded files in this one, found at `endpoint`.
    pub(crate) fn media(&self, endpoint: &str) -> Vec<(String, String)> {
        let named = self.settings(endpoint).into_iter();
        let mut all: Vec<_> =
            named.map(|(key, value)| (key.replace("BACKUP", "MEDIA"), value)).collect();
        all.push(("MEDIA__STORE".to_owned(), format!("s3://{BUCKET}/files/")));
        all
    }

    /// The settings of this server, at `endpoint`.
    pub(crate) fn settings(&self, endpoint: &str) -> Vec<(String, String)> {
        let (key, secret) = self.keys.clone();
        let all = [
            ("ENDPOINT", endpoint.to_owned()),
            ("ACCESS_KEY_ID", key),
            ("SECRET_ACCESS_KEY", secret),
        ];
        all.map(|(name, value)| (format!("BACKUP__S3__{name}"), value)).to_vec()
    }

    /// Adds the settings of this server, at `endpoint`.
    pub(crate) fn of(&self, ctl: Ctl, endpoint: &str) -> Ctl {
        self.settings(endpoint).iter().fold(ctl, |ctl, (key, value)| ctl.set(key, value))
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
