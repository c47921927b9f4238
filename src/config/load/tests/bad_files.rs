/// A text of the file, and what it is refused with.
pub(super) const BAD: &[(&str, &str)] = &[
    (
        "[session]\nidle_timeout = \"30 minits\"",
        "lanyard.toml:2: session.idle_timeout: \"30 minits\" is not a duration. \
         Write a number and a unit: 45s, 30m, 2h, 14d.",
    ),
    (
        "[session]\nidle_timeout = 30",
        "lanyard.toml:2: session.idle_timeout: 30 has no unit. \
         Write a number and a unit: 45s, 30m, 2h, 14d.",
    ),
    (
        "[session]\nidle_timeout = \"30s\"",
        "lanyard.toml:2: session.idle_timeout: \"30s\" is out of bounds. Write from 1m to 400d.",
    ),
    (
        "[session]\nidle_timeout = \"13h\"",
        "lanyard.toml:2: session.idle_timeout: 13h is longer than session.lifetime (12h). \
         Write 12h or less.",
    ),
    (
        "[session]\n\nlifetime = \"1h\"",
        "lanyard.toml:3: session.lifetime: 1h is shorter than session.idle_timeout (2h by \
         default). Set that to 1h or less.",
    ),
    (
        "[session]\nremember_me_lifetime = \"7d\"",
        "lanyard.toml:2: session.remember_me_lifetime: 7d is shorter than \
         session.remember_me_idle_timeout (14d by default). Set that to 7d or less.",
    ),
    (
        "[session]\ncookie_same_site = \"strict\"",
        "lanyard.toml:2: session.cookie_same_site: \"strict\" is not known. Write one of `lax`, `none`.",
    ),
    (
        "[session]\ncookie_same_site = \"none\"",
        "lanyard.toml:2: session.cookie_same_site: Browsers take \"none\" only over https, and \
         the issuer is http. Write \"lax\".",
    ),
    (
        "session.idle_timeout = [\"2h\"]",
        "lanyard.toml:1: session.idle_timeout: It is a list. The key takes: duration (1m to \
         400d).",
    ),
    (
        "issuer = \"https://login.example.com/\"",
        "lanyard.toml:1: issuer: \"https://login.example.com/\" has a path, query, fragment or \
         closing slash. Write \"https://login.example.com\".",
    ),
    (
        "issuer = 8080",
        "lanyard.toml:1: issuer: It is a number. Write it in \"quotes\".",
    ),
    (
        "issuer = \"\"",
        "lanyard.toml:1: issuer: It is empty. Write a value, or remove the key for the default: \
         `http://localhost:8080`.",
    ),
    (
        "[server]\nlisten = \"localhost:8080\"",
        "lanyard.toml:2: server.listen: \"localhost:8080\" is not an IP address and a port. \
         Write 127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080.",
    ),
    (
        "[server]\ntrusted_proxies = [\"10.0.0.0/8\", \"proxy\"]",
        "lanyard.toml:2: server.trusted_proxies: \"proxy\" is neither an address nor a network. \
         Write 127.0.0.1, 10.0.0.0/8, ::1 or fd00::/8.",
    ),
    (
        "[server]\ntrusted_proxies = [\"0.0.0.0/0\"]",
        "lanyard.toml:2: server.trusted_proxies: \"0.0.0.0/0\" is everybody: each could write an \
         address of their choice. Write the addresses of your proxies.",
    ),
    (
        "[server]\ntrusted_proxies = [10]",
        "lanyard.toml:2: server.trusted_proxies: It is no list of texts. The key takes: list of \
         addresses and networks.",
    ),
    (
        "[delivery]\nallow = [\"10.0.0.0/8\", \"wiki.internal:8080\"]",
        "lanyard.toml:2: delivery.allow: \"wiki.internal:8080\" is neither a network nor the name \
         of a host. Write 10.1.0.0/16, 127.0.0.1, fd00::/8 or wiki.internal.",
    ),
    (
        "[delivery]\nallow = [\"10.0.0.0/33\"]",
        "lanyard.toml:2: delivery.allow: \"10.0.0.0/33\" is neither a network nor the name of a \
         host. Write 10.1.0.0/16, 127.0.0.1, fd00::/8 or wiki.internal.",
    ),
    (
        "[delivery]\nallow = [\"10.0.0\"]",
        "lanyard.toml:2: delivery.allow: \"10.0.0\" is neither a network nor the name of a host. \
         Write 10.1.0.0/16, 127.0.0.1, fd00::/8 or wiki.internal.",
    ),
    (
        "[server]\nstop_delay = \"11s\"",
        "lanyard.toml:2: server.stop_delay: \"11s\" is out of bounds. Write from 0s to 10s.",
    ),
    (
        "[password]\nqueue = \"64\"",
        "lanyard.toml:2: password.queue: \"64\" is not a whole number. \
         Write one from 0 to 10000, without quotes.",
    ),
    (
        "[password]\nqueue = -1",
        "lanyard.toml:2: password.queue: -1 is not a whole number. \
         Write one from 0 to 10000, without quotes.",
    ),
    (
        "[password]\nqueue = true",
        "lanyard.toml:2: password.queue: It is true or false. The key takes: sign-ins (0 to 10000).",
    ),
    (
        "[password]\nmemory_kib = 4",
        "lanyard.toml:2: password.memory_kib: 4 is out of bounds. Write from 8 to 1048576.",
    ),
    (
        "[password]\nmemory_kib = 16\nparallelism = 4",
        "lanyard.toml:2: password.memory_kib: 16 is too little for 4 lanes (RFC 9106, 3.1). \
         Write 32 or more.",
    ),
    (
        "[log]\nlevel = \"inof\"",
        "lanyard.toml:2: log.level: \"inof\" is not a log filter. Write error, warn, info, debug \
         or trace, or targets with their levels: info,lanyard=debug.",
    ),
    (
        "[log]\nformat = \"xml\"",
        "lanyard.toml:2: log.format: \"xml\" is not known. Write one of `human`, `json`.",
    ),
    (
        "[database]\nurl = \"sqlite:a.db\"",
        "configuration: secrets.master_key_file: There is no master key, and one is made by \
         itself only while everything lies in the data folder. Make one with: openssl rand \
         -base64 32 > master.key, keep it safe, and give its path here.",
    ),
    (
        "[secrets]\nmaster_key = \"c2hvcnQ=\"",
        "lanyard.toml:2: secrets.master_key: The master key has 5 bytes, not 32. \
         Write 32 bytes as base64 or hex. Make one with: openssl rand -base64 32",
    ),
    (
        "[secrets]\nmaster_key_file = \"/nowhere/key\"",
        "lanyard.toml:2: secrets.master_key_file: There is no file /nowhere/key. \
         Make one with: openssl rand -base64 32 > /nowhere/key",
    ),
    (
        "[secrets]\nmaster_key_file = \"/nowhere/key\"\nmaster_key = \"x\"",
        "lanyard.toml:2: secrets.master_key_file: secrets.master_key is given too \
         (lanyard.toml:3). Remove one of the two.",
    ),
    (
        "[keys]\nrotate_every = \"30m\"",
        "lanyard.toml:2: keys.rotate_every: \"30m\" is out of bounds. Write from 1h to 3650d.",
    ),
    (
        "[keys]\nrotate_every = \"5d\"",
        "lanyard.toml:2: keys.rotate_every: 5d is shorter than keys.publish_ahead (7d by \
         default). Set that to 5d or less.",
    ),
    (
        "[keys]\nrotate_every = \"5d\"\npublish_ahead = \"6d\"",
        "lanyard.toml:3: keys.publish_ahead: 6d is longer than keys.rotate_every (5d): the next \
         key would always come late. Write 5d or less.",
    ),
    (
        "[metadata_documents]\nopen_to = \"anybody\"",
        "lanyard.toml:2: metadata_documents.open_to: \"anybody\" is not known. Write one of \
         `nobody`, `listed_hosts`, `any_host`.",
    ),
    (
        "[metadata_documents]\nopen_to = \"listed_hosts\"",
        "lanyard.toml:2: metadata_documents.open_to: It is listed_hosts, and \
         metadata_documents.hosts lists none. Write hosts there, such as [\"app.example.com\"], \
         or any_host here.",
    ),
    (
        "[metadata_documents]\nhosts = [\"https://app.example\"]",
        "lanyard.toml:2: metadata_documents.hosts: \"https://app.example\" is not the name of a \
         host as addresses spell it. Write app.example.com: small letters, no scheme, port or \
         path, an international name in its xn-- form. There are no wildcards: list each host.",
    ),
    (
        "[metadata_documents]\nopen_to = \"listed_hosts\"\nhosts = []",
        "lanyard.toml:2: metadata_documents.open_to: It is listed_hosts, and \
         metadata_documents.hosts lists none. Write hosts there, such as [\"app.example.com\"], \
         or any_host here.",
    ),
    (
        "[metadata_documents]\nopen_to = \"listed_hosts\"\nhosts = [\"*.example.com\"]",
        "lanyard.toml:3: metadata_documents.hosts: \"*.example.com\" is not the name of a \
         host as addresses spell it. Write app.example.com: small letters, no scheme, port or \
         path, an international name in its xn-- form. There are no wildcards: list each host.",
    ),
    (
        "[metadata_documents]\nhosts = [\"a_b!c\"]",
        "lanyard.toml:2: metadata_documents.hosts: \"a_b!c\" is not the name of a \
         host as addresses spell it. Write app.example.com: small letters, no scheme, port or \
         path, an international name in its xn-- form. There are no wildcards: list each host.",
    ),
    (
        "[metadata_documents]\nscopes = [\"openid email\"]",
        "lanyard.toml:2: metadata_documents.scopes: \"openid email\" is not one scope. Write each \
         by itself, such as [\"openid\", \"email\"].",
    ),
    (
        "[registration]\nscopes = [\"openid\", \"\"]",
        "lanyard.toml:2: registration.scopes: \"\" is not one scope. Write each by itself, such \
         as [\"openid\", \"email\"].",
    ),
    (
        "[registration]\nscopes = [\"größe\"]",
        "lanyard.toml:2: registration.scopes: \"größe\": a scope has a character that RFC 6749, \
         3.3 does not allow. Write scopes such as [\"openid\", \"email\"].",
    ),
    (
        "[metadata_documents]\nhosts = [\"app.example:8443\"]",
        "lanyard.toml:2: metadata_documents.hosts: \"app.example:8443\" is not the name of a \
         host as addresses spell it. Write app.example.com: small letters, no scheme, port or \
         path, an international name in its xn-- form. There are no wildcards: list each host.",
    ),
    (
        "[delivery]\nca_file = \"/nowhere/ca.pem\"",
        "lanyard.toml:2: delivery.ca_file: There is no file /nowhere/ca.pem. Write the path of \
         the authority's certificate.",
    ),
];
