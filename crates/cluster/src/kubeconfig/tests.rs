use super::*;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use secrecy::ExposeSecret;
use std::path::Path;
use tempfile::TempDir;

/// A folder with files, read as one source.
struct Folder {
    dir: TempDir,
    files: Vec<PathBuf>,
}

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut paths = Vec::new();
        for (name, text) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            paths.push(path);
        }
        Self { dir, files: paths }
    }

    fn source(&self) -> Source {
        Source::Files {
            paths: self.files.clone(),
            optional: false,
        }
    }

    fn load(&self) -> Kubeconfig {
        Kubeconfig::load(&self.source())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

fn b64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn certificate() -> (String, String) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    (cert.pem(), signing_key.serialize_pem())
}

/// A config with one context whose cluster and user entries have these lines.
fn config(cluster: &str, user: &str) -> String {
    let indent = |text: &str| {
        text.lines()
            .map(|line| format!("    {line}\n"))
            .collect::<String>()
    };
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: dev\ncontexts:\n- name: dev\n  context: {{cluster: c, user: u}}\n\
         clusters:\n- name: c\n  cluster:\n{}users:\n- name: u\n  user:\n{}",
        indent(cluster),
        indent(user)
    )
}

fn only(kubeconfig: &Kubeconfig) -> &ContextEntry {
    assert_eq!(kubeconfig.contexts.len(), 1, "{kubeconfig:?}");
    &kubeconfig.contexts[0]
}

fn good(kubeconfig: &Kubeconfig) -> &Context {
    match &only(kubeconfig).resolved {
        Ok(context) => context,
        Err(problem) => panic!("{problem}"),
    }
}

const SERVER: &str = "server: https://127.0.0.1:6443";

#[test]
fn each_thing_that_can_be_wrong_names_file_entry_and_field() {
    let (pem, key) = certificate();
    let (pem, key) = (b64(&pem), b64(&key));
    let user = |text: &str| config(SERVER, text);
    let cluster = |text: &str| config(text, "token: t");
    let table: Vec<(&str, String, &str)> = vec![
        ("no server", cluster("namespace: x"), "cluster `c` in FILE: server is missing: there is no URL to connect to"),
        ("scheme", cluster("server: ftp://host"), "cluster `c` in FILE: server must begin with https:// or http://"),
        ("not a url", cluster("server: 'https://a b'"), "cluster `c` in FILE: server is not a URL such as https://host:6443"),
        ("no host", cluster("server: 'https://'"), "cluster `c` in FILE: server is not a URL such as https://host:6443"),
        ("server no text", cluster("server: 6443"), "cluster `c` in FILE: server must be text (put it in quotes)"),
        ("userinfo", cluster("server: https://joe:hunter2@host"), "cluster `c` in FILE: server must not hold credentials; use the user entry"),
        ("proxy", cluster(&format!("{SERVER}\nproxy-url: 'proxy:3128'")), "cluster `c` in FILE: proxy-url is not a URL such as http://proxy:3128 or socks5://proxy:1080"),
        ("port", cluster("server: https://host:70000"), "cluster `c` in FILE: server must have a port from 1 to 65535"),
        ("proxy port", cluster(&format!("{SERVER}\nproxy-url: 'http://p:99999'")), "cluster `c` in FILE: proxy-url must have a port from 1 to 65535"),
        ("ca base64", cluster(&format!("{SERVER}\ncertificate-authority-data: '%%%'")), "cluster `c` in FILE: certificate-authority-data is not valid base64"),
        ("ca pem", cluster(&format!("{SERVER}\ncertificate-authority-data: aGVsbG8=")), "cluster `c` in FILE: certificate-authority-data holds no PEM certificate, or one that cannot be read"),
        ("ca file", cluster(&format!("{SERVER}\ncertificate-authority: gone.crt")), "cluster `c` in FILE: certificate-authority names DIR/gone.crt, which cannot be read: No such file or directory (os error 2)"),
        ("insecure and ca", cluster(&format!("{SERVER}\ninsecure-skip-tls-verify: true\ncertificate-authority-data: {pem}")), "cluster `c` in FILE: insecure-skip-tls-verify cannot be true when a certificate authority is given"),
        ("insecure no flag", cluster(&format!("{SERVER}\ninsecure-skip-tls-verify: perhaps")), "cluster `c` in FILE: insecure-skip-tls-verify must be true or false"),
        ("server name", cluster(&format!("{SERVER}\ntls-server-name: 'a b'")), "cluster `c` in FILE: tls-server-name is not a host name"),
        ("certificate file", user("client-certificate: no/such.crt\nclient-key-data: aGVsbG8="), "user `u` in FILE: client-certificate names DIR/no/such.crt, which cannot be read: No such file or directory (os error 2)"),
        ("certificate alone", user(&format!("client-certificate-data: {pem}")), "user `u` in FILE: client-key is missing: a client certificate needs its key"),
        ("key alone", user(&format!("client-key-data: {key}")), "user `u` in FILE: client-certificate is missing: a client key needs its certificate"),
        ("key is none", user(&format!("client-certificate-data: {pem}\nclient-key-data: {pem}")), "user `u` in FILE: client-key-data holds no PEM private key"),
        ("token is a number", user("token: 12345"), "user `u` in FILE: token must be text (put it in quotes)"),
        ("token with a line end", user("token: \"a\\nb\""), "user `u` in FILE: token holds characters that no HTTP header may carry"),
        ("token file", user("tokenFile: gone"), "user `u` in FILE: tokenFile names DIR/gone, which cannot be read: No such file or directory (os error 2)"),
        ("password alone", user("password: x"), "user `u` in FILE: username is missing: a password needs its user name"),
        ("auth provider", user("auth-provider: {name: gcp}"), "user `u` in FILE: auth-provider is not supported: auth providers were removed from kubectl in 1.26"),
        ("exec without command", user("exec: {apiVersion: client.authentication.k8s.io/v1}"), "user `u` in FILE: exec.command is missing"),
        ("exec of an old version", user("exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}"), "user `u` in FILE: exec.apiVersion must be client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1"),
        ("exec args", user("exec: {apiVersion: client.authentication.k8s.io/v1, command: x, args: [1]}"), "user `u` in FILE: exec.args must hold only text (put numbers in quotes)"),
        ("exec env", user("exec: {apiVersion: client.authentication.k8s.io/v1, command: x, env: [{name: A}]}"), "user `u` in FILE: exec.env[0] must have a name and a value, both text"),
        ("exec no map", user("exec: x"), "user `u` in FILE: exec must be a mapping"),
        ("groups alone", user("as-groups: [a]"), "user `u` in FILE: as is missing: as-uid, as-groups and as-user-extra need it"),
        ("as with a line end", user("as: \"a\\r\\nX: y\""), "user `u` in FILE: as and what belongs to it must be visible ASCII"),
        ("no cluster", "contexts: [{name: dev, context: {user: u}}]".to_owned(), "context `dev` in FILE: cluster is missing: the context names no cluster"),
        ("empty context", "contexts: [{name: dev}]".to_owned(), "context `dev` in FILE: cluster is missing: the context names no cluster"),
        ("context no map", "contexts: [{name: dev, context: 5}]".to_owned(), "context `dev` in FILE: context must be a mapping"),
        ("dangling cluster", "contexts: [{name: dev, context: {cluster: x}}]".to_owned(), "context `dev` in FILE names the cluster `x`, which no kubeconfig file defines"),
        ("dangling user", "contexts: [{name: dev, context: {cluster: c, user: x}}]\nclusters: [{name: c, cluster: {server: 'https://h'}}]".to_owned(), "context `dev` in FILE names the user `x`, which no kubeconfig file defines"),
    ];
    for (what, text, expected) in table {
        let folder = Folder::new(&[("config", &text)]);
        let kubeconfig = folder.load();
        let entry = only(&kubeconfig);
        let Err(problem) = &entry.resolved else {
            panic!("{what}: resolved\n{text}");
        };
        let (file, dir) = (folder.path("config"), folder.dir.path().display().to_string());
        let expected = expected
            .replace("FILE", &file.display().to_string())
            .replace("DIR", &dir);
        assert_eq!(problem.to_string(), expected, "{what}");
        assert!(!problem.next().is_empty());
    }
}

#[test]
fn no_message_quotes_a_secret() {
    let canary = "canary-4711";
    for user in [
        format!("token: [{canary}]"),
        format!("password: {canary}"),
        format!("client-key-data: {canary}"),
        format!("client-certificate-data: {canary}\nclient-key-data: {canary}"),
        format!("token: \"{canary}\\n\""),
        format!(
            "exec: {{apiVersion: client.authentication.k8s.io/v1, command: x, env: [{{name: A, value: [{canary}]}}]}}"
        ),
        format!("token: {{a: {canary}"),
        format!("token: '{canary}"),
        format!("token: {canary}\n token: {canary}"),
        format!(
            "exec: {{apiVersion: client.authentication.k8s.io/v1, command: x, args: [{canary}], env: [{{name: A, value: {canary}}}]}}"
        ),
        format!("token: {canary}\n\ttoken: &{canary} *{canary}"),
        format!("token: !!binary {canary}"),
        format!("token: *{canary}"),
    ] {
        let folder = Folder::new(&[("config", &config(SERVER, &user))]);
        let kubeconfig = folder.load();
        let mut said: Vec<String> = kubeconfig.problems.iter().map(|p| p.message.clone()).collect();
        for entry in &kubeconfig.contexts {
            said.push(match &entry.resolved {
                Ok(context) => format!("{context:?}"),
                Err(problem) => format!("{problem} {problem:?}"),
            });
        }
        assert!(!said.is_empty(), "{user}");
        let said = said.join("\n");
        assert!(!said.contains(canary), "{user} gives\n{said}");
    }
}

#[test]
fn ten_good_contexts_survive_a_bad_one() {
    let mut text = String::from(
        "clusters: [{name: c, cluster: {server: 'https://h'}}, {cluster: 5}, 7]\nusers: []\ncontexts:\n",
    );
    for number in 0..10 {
        text.push_str(&format!("- {{name: good-{number}, context: {{cluster: c}}}}\n"));
    }
    text.push_str("- {name: bad, context: {cluster: nowhere}}\n- {context: {cluster: c}}\n- 5\n");
    let folder = Folder::new(&[("config", &text)]);
    let kubeconfig = folder.load();
    let (good, bad): (Vec<_>, Vec<_>) = kubeconfig
        .contexts
        .iter()
        .partition(|entry| entry.resolved.is_ok());
    assert_eq!((good.len(), bad.len()), (10, 1));
    let messages: Vec<&str> = kubeconfig.problems.iter().map(|p| p.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "contexts[11] has no name",
            "contexts[12] must be a mapping",
            "clusters[1] has no name",
            "clusters[2] must be a mapping",
        ]
    );
}

#[test]
fn a_file_that_is_no_kubeconfig_says_where_and_spoils_no_other() {
    let good = config(SERVER, "token: t");
    for (bad, expected) in [
        ("", "the file is empty"),
        ("  \n", "the file is empty"),
        ("# nothing\n", "the file is empty"),
        (
            "- a\n- b\n",
            "the file is no kubeconfig: it must be a mapping with `contexts`, `clusters` and `users`",
        ),
        (
            "{apiVersion: v1, kind: Pod}",
            "the file is no kubeconfig: its kind is not Config",
        ),
        (
            "a: [1, 2\nb: 3\n",
            "the file is not valid YAML: did not find expected ',' or ']' at line 2 column 2",
        ),
        (
            "a: 1\n\tb: 2\n",
            "the file is not valid YAML: found a tab character that violates indentation at line 2 column 1",
        ),
    ] {
        let folder = Folder::new(&[("bad", bad), ("good", &good)]);
        let kubeconfig = folder.load();
        assert!(only(&kubeconfig).resolved.is_ok());
        assert_eq!(kubeconfig.problems.len(), 1, "{bad:?}: {kubeconfig:?}");
        assert_eq!(kubeconfig.problems[0].path, folder.path("bad"));
        let message = &kubeconfig.problems[0].message;
        assert!(message.starts_with(expected), "{bad:?}: {message}");
    }
    let folder = Folder::new(&[("latin1", ""), ("good", &good)]);
    std::fs::write(folder.path("latin1"), b"a: \xe9").unwrap();
    assert_eq!(
        folder.load().problems[0].message,
        "the file is not UTF-8 text (byte 3)"
    );
    std::fs::remove_file(folder.path("latin1")).unwrap();
    assert_eq!(folder.load().problems[0].message, "the file does not exist");
    let optional = Source::Files {
        paths: folder.files.clone(),
        optional: true,
    };
    assert!(Kubeconfig::load(&optional).problems.is_empty());
    std::fs::create_dir(folder.path("latin1")).unwrap();
    assert!(
        folder.load().problems[0]
            .message
            .starts_with("the file cannot be read")
    );
}

#[test]
fn files_merge_as_kubectl_merges_them() {
    let first = "current-context: b\n\
        contexts: [{name: a, context: {cluster: c}}, {name: same, context: {cluster: c}}]\n\
        clusters: [{name: c, cluster: {server: 'https://first'}}]\n";
    let second = "current-context: a\n\
        contexts: [{name: b, context: {cluster: c, user: u}}, {name: a, context: {cluster: d}}, {name: same, context: {cluster: c}}]\n\
        clusters: [{name: c, cluster: {server: 'https://second'}}, {name: d, cluster: {server: 'https://d'}}]\n\
        users: [{name: u, user: {token: t}}]\n";
    let folder = Folder::new(&[("first", first), ("second", second)]);
    let kubeconfig = folder.load();
    assert_eq!(kubeconfig.current.as_deref(), Some("b"));
    let found: Vec<_> = kubeconfig
        .contexts
        .iter()
        .map(|entry| (entry.name.as_str(), entry.file.clone(), entry.server.as_deref()))
        .collect();
    let file = |name| folder.path(name);
    assert_eq!(
        found,
        [
            ("a", file("first"), Some("https://first")),
            ("same", file("first"), Some("https://first")),
            ("b", file("second"), Some("https://first")),
        ]
    );
    // What is hidden is told of; the context that says the same is not.
    let problems: Vec<&str> = kubeconfig
        .problems
        .iter()
        .map(|problem| &*problem.message)
        .collect();
    for (problem, words) in problems
        .iter()
        .zip(["the context `a` is not used", "the cluster `c` is not used"])
    {
        assert!(problem.starts_with(words), "{problem}");
    }
    assert_eq!(problems.len(), 2);
}

#[test]
fn relative_paths_start_at_their_own_file() {
    let (pem, key) = certificate();
    let cluster = format!("{SERVER}\ncertificate-authority: pki/ca.crt");
    let user = "client-certificate: me.crt\nclient-key: me.key";
    let split = config(&cluster, user);
    let (contexts, rest) = split.split_once("clusters:").unwrap();
    let rest = format!("clusters:{rest}");
    let folder = Folder::new(&[("a/contexts", contexts), ("b/rest", &rest)]);
    for (name, text) in [("b/pki/ca.crt", &pem), ("b/me.crt", &pem), ("b/me.key", &key)] {
        std::fs::create_dir_all(folder.path(name).parent().unwrap()).unwrap();
        std::fs::write(folder.path(name), text).unwrap();
    }
    let kubeconfig = folder.load();
    let context = good(&kubeconfig);
    let Authority::Bundle(Secret::File(path)) = &context.authority else {
        panic!("{context:?}");
    };
    assert_eq!(*path, folder.path("b/pki/ca.crt"));
    let exec = config(
        SERVER,
        "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./bin/login}",
    );
    let folder = Folder::new(&[("config", &exec)]);
    let kubeconfig = folder.load();
    let Credential::Exec(plugin) = &good(&kubeconfig).identity.credential else {
        panic!("no plugin");
    };
    assert_eq!(Path::new(&plugin.command), folder.path("./bin/login"));
}

#[test]
fn every_way_to_prove_who_we_are_is_understood() {
    let load = |user: &str| {
        let folder = Folder::new(&[("config", &config(SERVER, user)), ("token", "a: 1")]);
        let kubeconfig = Kubeconfig::load(&Source::Files {
            paths: vec![folder.path("config")],
            optional: false,
        });
        good(&kubeconfig).identity.clone()
    };
    assert!(matches!(load("{}").credential, Credential::None));
    let Credential::Token(token) = load("token: abc\ntokenFile: token").credential else {
        panic!("the token wins");
    };
    assert_eq!(token.expose_secret(), "abc");
    assert!(matches!(
        load("tokenFile: token").credential,
        Credential::TokenFile(_)
    ));
    let Credential::Basic(name, password) = load("username: joe\npassword: pw").credential else {
        panic!("no basic");
    };
    assert_eq!((name.as_str(), password.expose_secret()), ("joe", "pw"));
    let user = "exec:\n  apiVersion: client.authentication.k8s.io/v1\n  command: login\n  args: [-x, '1']\n  \
        env: [{name: A, value: b}]\n  interactiveMode: Always\n  provideClusterInfo: true\n  installHint: get it";
    let Credential::Exec(plugin) = load(user).credential else {
        panic!("no exec");
    };
    let expected = ExecPlugin {
        command: "login".to_owned(),
        args: vec!["-x".to_owned(), "1".to_owned()],
        env: vec![("A".to_owned(), "b".to_owned())],
        api_version: "client.authentication.k8s.io/v1".to_owned(),
        needs_terminal: true,
        provide_cluster_info: true,
        install_hint: Some("get it".to_owned()),
    };
    assert_eq!(*plugin, expected);
    let impersonation = load("as: joe\nas-groups: [a, b]\nas-uid: '7'\nas-user-extra: {k: [v]}").impersonate;
    let expected = Impersonation {
        user: "joe".to_owned(),
        uid: Some("7".to_owned()),
        groups: vec!["a".to_owned(), "b".to_owned()],
        extra: vec![("k".to_owned(), vec!["v".to_owned()])],
    };
    assert_eq!(impersonation, Some(expected));
}

#[test]
fn a_host_without_scheme_is_https_where_tls_is_spoken_of() {
    let server = |cluster: &str| {
        let folder = Folder::new(&[("config", &config(cluster, "token: t"))]);
        good(&folder.load()).server.to_string()
    };
    assert_eq!(server("server: localhost:8080"), "http://localhost:8080/");
    assert_eq!(
        server("server: localhost:6443\ninsecure-skip-tls-verify: true"),
        "https://localhost:6443/"
    );
    assert_eq!(
        server("server: https://host/k8s/clusters/c-1"),
        "https://host/k8s/clusters/c-1"
    );
}

#[test]
fn the_fingerprint_follows_what_the_context_uses_and_nothing_else() {
    let fingerprint = |text: &str| {
        // One path: the file counts.
        static DIR: std::sync::LazyLock<TempDir> = std::sync::LazyLock::new(|| tempfile::tempdir().unwrap());
        let path = DIR.path().join("config");
        std::fs::write(&path, text).unwrap();
        let source = Source::Files {
            paths: vec![path],
            optional: false,
        };
        Kubeconfig::load(&source).contexts[0].fingerprint
    };
    let base = config(SERVER, "token: t");
    assert_eq!(
        fingerprint(&base),
        fingerprint(&format!(
            "# a comment\n{base}- name: other\n  user: {{token: x}}\n"
        ))
    );
    assert_ne!(fingerprint(&base), fingerprint(&config(SERVER, "token: other")));
    assert_ne!(
        fingerprint(&base),
        fingerprint(&config("server: https://elsewhere", "token: t"))
    );
}

#[test]
fn a_file_that_breaks_keeps_its_last_good_content_and_says_so() {
    let folder = Folder::new(&[("config", &config(SERVER, "token: t"))]);
    let mut files = Files::default();
    assert!(
        Kubeconfig::load_with(&folder.source(), &mut files)
            .problems
            .is_empty()
    );
    std::fs::write(folder.path("config"), "contexts: [").unwrap();
    let broken = Kubeconfig::load_with(&folder.source(), &mut files);
    assert!(only(&broken).resolved.is_ok());
    assert!(
        broken.problems[0]
            .message
            .ends_with("what it said before stays in use")
    );
    std::fs::remove_file(folder.path("config")).unwrap();
    assert!(
        Kubeconfig::load_with(&folder.source(), &mut files)
            .contexts
            .is_empty()
    );
}

#[test]
fn a_pods_service_account_is_a_context() {
    let dir = tempfile::tempdir().unwrap();
    let pod = source::InCluster {
        host: Some("10.0.0.1".to_owned()),
        port: Some("443".to_owned()),
        folder: dir.path().to_owned(),
    };
    let incomplete = resolve::in_cluster(&pod);
    let problem = only(&incomplete).resolved.as_ref().unwrap_err();
    assert!(problem.to_string().contains("token: No such file"), "{problem}");
    for (name, text) in [("token", "t"), ("ca.crt", "c"), ("namespace", "ops")] {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let kubeconfig = resolve::in_cluster(&pod);
    let context = good(&kubeconfig);
    assert_eq!(context.server, "https://10.0.0.1:443");
    assert_eq!(context.namespace.as_deref(), Some("ops"));
    assert!(matches!(context.identity.credential, Credential::TokenFile(_)));
}

#[test]
fn an_entry_that_another_files_of_the_same_name_hides_is_told_of() {
    let file = |context: &str, token: &str| {
        format!(
            "contexts: [{{name: {context}, context: {{cluster: c, user: default}}}}]\n\
             clusters: [{{name: c, cluster: {{server: 'https://h'}}}}]\n\
             users: [{{name: default, user: {{token: {token}}}}}]"
        )
    };
    let folder = Folder::new(&[("one", &file("a", "x")), ("two", &file("b", "y"))]);
    let kubeconfig = folder.load();
    assert_eq!(kubeconfig.contexts.len(), 2);
    // The clusters say the same; the users do not.
    let [problem] = kubeconfig.problems.as_slice() else {
        panic!("{:?}", kubeconfig.problems);
    };
    assert_eq!(problem.path, folder.path("two"));
    assert!(
        problem.message.starts_with("the user `default` is not used"),
        "{}",
        problem.message
    );
    let empty = Folder::new(&[("none", "{apiVersion: v1}")]).load();
    assert_eq!(
        empty.problems[0].message,
        "the file has no contexts, clusters or users"
    );
}
