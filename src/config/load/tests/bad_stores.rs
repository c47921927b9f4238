/// A text of the file, to which a master key is added, and what it is refused with.
pub(super) const BAD: &[(&str, &[&str])] = &[
    (
        "[database]\nurl = \"mysql://me:secret@db/lanyard\"",
        &[
            "lanyard.toml:2: database.url: It is an address of neither SQLite nor PostgreSQL. \
           Write sqlite:PATH, such as sqlite:/var/lib/lanyard/lanyard.db. Or write \
           postgres://user@host:5432/name?sslmode=verify-full, and the password in \
           database.password_file.",
        ],
    ),
    (
        "[database]\nurl = \"postgres://me:secret@db?sslmode=verify-full\"",
        &["lanyard.toml:2: database.url: It names no database. Write \
           postgres://user@host:5432/name?sslmode=verify-full, and the password in \
           database.password_file."],
    ),
    (
        "[database]\nurl = \"postgres://me@db/a?sslmode=on\"\nmax_connections = 1\n\
         statement_timeout = \"50ms\"\noutage_tolerance = \"1h\"",
        &[
            "lanyard.toml:2: database.url: Its sslmode is not known. Write one of disable, allow, \
             prefer, require, verify-ca, verify-full.",
            "lanyard.toml:3: database.max_connections: 1 is out of bounds. Write from 2 to 1000.",
            "lanyard.toml:4: database.statement_timeout: \"50ms\" is out of bounds. Write from \
             100ms to 30s.",
            "lanyard.toml:5: database.outage_tolerance: \"1h\" is out of bounds. Write from 5s to \
             5m.",
        ],
    ),
    (
        "[database]\nurl = \"postgres://me:secret@db/a\"\npassword = \"secret\"",
        &[
            "lanyard.toml:3: database.password: database.url has a password too (lanyard.toml:2). \
           Remove it there.",
        ],
    ),
    (
        "[database]\nurl = \"postgres://me@db/a\"\npassword = \"secret\"\n\
         password_file = \"/nowhere/password\"",
        &[
            "lanyard.toml:4: database.password_file: database.password is given too \
           (lanyard.toml:3). Remove one of the two.",
        ],
    ),
    (
        "[database]\nurl = \"postgres://me@db/a\"\npassword_file = \"/nowhere/password\"",
        &[
            "lanyard.toml:3: database.password_file: There is no file /nowhere/password. Write \
           the password into it, or the path of the file that holds it.",
        ],
    ),
    (
        "[database]\nurl = \"postgres://me@db/a\"\npassword = \"secret\\nsecret\"",
        &[
            "lanyard.toml:3: database.password: It has more than one line, or a control \
           character. Write one line.",
        ],
    ),
    (
        "[database]\nurl = \"postgres://me@db/a\"\npassword = 7777777",
        &["lanyard.toml:3: database.password: It is a number. Write it in \"quotes\"."],
    ),
    (
        "[database]\nurl = \"postgres://me@db/a?sslrootcert=/nowhere/ca.pem\"",
        &[
            "lanyard.toml:2: database.url: Its sslrootcert, /nowhere/ca.pem, cannot be read: No \
           such file or directory (os error 2). Write the path of a file that this user can read.",
        ],
    ),
    (
        "[database]\nmax_connections = 8\nstatement_timeout = \"1s\"",
        &[
            "lanyard.toml:2: database.max_connections: It is for PostgreSQL, and the record is an \
             SQLite file. Remove the key, or write a postgres:// address in database.url.",
            "lanyard.toml:3: database.statement_timeout: It is for PostgreSQL, and the record is \
             an SQLite file. Remove the key, or write a postgres:// address in database.url.",
        ],
    ),
    (
        "[database]\nurl = \"sqlite:a.db\"\npassword = \"secret\"",
        &[
            "lanyard.toml:3: database.password: It is for PostgreSQL, and the record is an SQLite \
           file. Remove the key, or write a postgres:// address in database.url.",
        ],
    ),
    (
        "[redis]\ntimeout = \"1s\"\nsentinel_master = \"mymaster\"",
        &[
            "lanyard.toml:2: redis.timeout: There is no redis.url, so that the hot state stays in \
             process. Write redis.url, or remove the key.",
            "lanyard.toml:3: redis.sentinel_master: There is no redis.url, so that the hot state \
             stays in process. Write redis.url, or remove the key.",
        ],
    ),
    (
        "[redis]\nurl = \"redis://a,redis://b\"",
        &[
            "lanyard.toml:2: redis.url: It names 2 servers, and redis.topology is \"single\". \
           Write redis.topology = \"sentinel\" or \"cluster\", or name one server.",
        ],
    ),
    (
        "[redis]\nurl = \"redis://me@cache\"",
        &[
            "lanyard.toml:2: redis.url: It names a user without a password, who would go \
           unheeded. Write redis.password_file, or remove the user.",
        ],
    ),
    (
        "[redis]\nurl = \"redis://:secret@cache\"\npassword_file = \"/dev/null\"",
        &[
            "lanyard.toml:3: redis.password_file: /dev/null is empty. Write the password, or \
             remove the key.",
            "lanyard.toml:3: redis.password_file: redis.url has a password too (lanyard.toml:2). \
             Remove it there.",
        ],
    ),
    (
        "[redis]\nurl = \"redis://cache/3\"\ntopology = \"cluster\"\nsentinel_master = \"m\"",
        &[
            "lanyard.toml:2: redis.url: A cluster has no database 3, only 0. Write /0, or nothing.",
            "lanyard.toml:4: redis.sentinel_master: It is for sentinels. Write redis.topology = \
             \"sentinel\", or remove the key.",
        ],
    ),
    (
        "[redis]\nurl = \"redis://cache\"\ntopology = \"ring\"",
        &[
            "lanyard.toml:3: redis.topology: \"ring\" is not known. Write one of `single`, \
           `sentinel`, `cluster`.",
        ],
    ),
    (
        "[redis]\nurl = \"redis://cache\"\ntopology = \"sentinel\"\nsentinel_username = \"me\"",
        &[
            "lanyard.toml:4: redis.sentinel_username: It has no password, and would go unheeded. \
             Write redis.sentinel_password_file, or remove the key.",
            "configuration: redis.sentinel_master: It is absent, and sentinels are asked for a \
             master by its name. Write the one in their \"sentinel monitor\" line, such as \
             mymaster.",
        ],
    ),
    (
        "[redis]\nurl = \"redis://cache\"\nkey_prefix = \"{a}:\"\ntimeout = 250",
        &[
            "lanyard.toml:3: redis.key_prefix: \"{a}:\" is not a prefix. Write 1 to 64 of the \
             characters A-Z a-z 0-9 : _ . - such as \"lanyard:\".",
            "lanyard.toml:4: redis.timeout: 250 has no unit. Write a number and a unit: 250ms, 2s.",
        ],
    ),
    (
        "[redis]\nurl = \"redis://cache\"\nca_file = \"/nowhere/ca.pem\"",
        &[
            "lanyard.toml:3: redis.ca_file: It is for TLS, and redis.url begins with redis://. \
           Write rediss://, or remove the key.",
        ],
    ),
    (
        "[redis]\nurl = \"rediss://cache\"\nca_file = \"/nowhere/ca.pem\"",
        &[
            "lanyard.toml:3: redis.ca_file: There is no file /nowhere/ca.pem. Write the path of \
           the authority's certificate.",
        ],
    ),
    (
        "[redis]\nurl = \"rediss://cache\"\nca_file = \"/dev/null\"",
        &[
            "lanyard.toml:3: redis.ca_file: /dev/null is empty. Put the authority's certificate \
           in it, as PEM.",
        ],
    ),
];
