using System.Text;
using System.Text.Json.Nodes;

namespace Orchestrator.Api.Tests.Security;

/// <summary>One request that must be refused. <paramref name="Make"/> builds its bytes when the server is up.</summary>
/// <param name="Because">What the answer must name, so that it is refused for the right reason.</param>
internal sealed record Hostile(string Name, int Status, Func<HostileServer, byte[]> Make, string? Because = null);

/// <summary>The table: who must not, where, and how it is said no. Grown by what attackers are known to try; never shortened.</summary>
internal static class HostileRequests
{
    private const string Api = "/api/v1";

    public static readonly IReadOnlyList<Hostile> All =
    [
        .. Strangers(), .. Nobody(), .. TooLittle(), .. Artifacts(), .. Paths(), .. Documents(), .. Bodies(), .. Protocol(), .. Queries(), .. WebhookAddresses(), .. Schedules(),
    ];

    /// <summary>A key of another tenant: 404, never 403, for whatever is not its own.</summary>
    private static IEnumerable<Hostile> Strangers()
    {
        foreach (var (method, route) in ((string, string)[])[
            ("GET", ""), ("DELETE", ""), ("GET", "/events"), ("GET", "/shards"), ("GET", "/shards/map"), ("GET", "/shards/score-0/attempts"), ("GET", "/result"),
            ("GET", "/artifacts"), ("GET", "/artifacts/manifest.json"), ("GET", "/report"), ("POST", "/cancel"), ("POST", "/pause"), ("POST", "/resume"), ("POST", "/retry"),
        ])
        {
            yield return new($"stranger: {method} job{route}", 404, s => RawHttp.Request(method, $"{Api}/jobs/{s.Job}{route}", HostileServer.Stranger));
        }

        yield return new("stranger: page of the job", 404, s => RawHttp.Request("GET", $"/jobs/{s.Job}", HostileServer.Stranger));
        yield return new("stranger: submit page from the job", 404, s => RawHttp.Request("GET", $"/submit?from={s.Job}", HostileServer.Stranger));
        yield return new("stranger: GET schedule", 404, s => RawHttp.Request("GET", $"{Api}/schedules/{s.Schedule}", HostileServer.Stranger));
        yield return new("stranger: DELETE schedule", 404, s => RawHttp.Request("DELETE", $"{Api}/schedules/{s.Schedule}", HostileServer.Stranger));
        yield return new("stranger: DELETE webhook", 404, s => RawHttp.Request("DELETE", $"{Api}/webhooks/{s.Webhook}", HostileServer.Stranger));
        yield return new("stranger: deliveries", 404, s => RawHttp.Request("GET", $"{Api}/webhooks/{s.Webhook}/deliveries", HostileServer.Stranger));
        yield return new("stranger: the job as cursor", 400, s => RawHttp.Request("GET", $"{Api}/jobs?cursor={s.Job}", HostileServer.Stranger));
        yield return new("stranger: selection from the job", 422, s => Post("jobs", new JsonObject
        {
            ["kind"] = "selection", ["name"] = "x", ["from"] = s.Job, ["output"] = new JsonObject { ["path"] = "out/x" },
        }), "$.from");
        yield return Doc("stranger: names the victim as tenant", 403, d => d["tenant"] = "victim");
        yield return new("stranger: plans for the victim", 403, _ => Post("jobs/plan", With(d => d["tenant"] = "victim")));
        yield return new("stranger: schedules for the victim", 403, _ => Post("schedules", new JsonObject { ["name"] = "x", ["cron"] = "@daily", ["document"] = With(d => d["tenant"] = "victim") }));
        yield return new("stranger: webhook for the victim", 403, _ => Post("webhooks", new JsonObject { ["url"] = "https://hooks.example.org/", ["tenant"] = "victim" }));
    }

    /// <summary>No key, a wrong one, or one that is only nearly right.</summary>
    private static IEnumerable<Hostile> Nobody()
    {
        yield return new("nobody: list", 401, _ => RawHttp.Request("GET", $"{Api}/jobs", null));
        yield return new("nobody: job", 401, s => RawHttp.Request("GET", $"{Api}/jobs/{s.Job}", null));
        yield return new("nobody: submits", 401, _ => RawHttp.Request("POST", $"{Api}/jobs", null, Bytes(HostileServer.Document("out/x"))));
        yield return new("nobody: dashboard", 401, _ => RawHttp.Request("GET", "/dashboard/DashboardCounters", null));
        yield return new("nobody: page", 303, _ => RawHttp.Request("GET", "/jobs", null));
        yield return new("wrong key", 401, _ => RawHttp.Request("GET", $"{Api}/jobs", "victim-key-012345678"));
        yield return new("key with a tail", 401, _ => RawHttp.Request("GET", $"{Api}/jobs", HostileServer.Victim + "0"));
        yield return new("key in capitals", 401, _ => RawHttp.Request("GET", $"{Api}/jobs", HostileServer.Victim.ToUpperInvariant()));
        yield return new("hash instead of key", 401, _ => RawHttp.Request("GET", $"{Api}/jobs", Orchestrator.Api.Auth.KeyRing.Hash(HostileServer.Victim)));
        yield return new("key in the query", 401, _ => RawHttp.Request("GET", $"{Api}/jobs?api_key={HostileServer.Victim}&X-Api-Key={HostileServer.Victim}", null));
        yield return new("two keys", 401, _ => RawHttp.Request("GET", $"{Api}/jobs", "wrong-key-0123456789", headers: $"X-Api-Key: {HostileServer.Victim}"));
        yield return new("empty bearer", 401, _ => RawHttp.Request("GET", $"{Api}/jobs", null, headers: "Authorization: Bearer "));
        yield return new("basic that is no base64", 401, _ => RawHttp.Request("GET", $"{Api}/jobs", null, headers: "Authorization: Basic %%%"));
        yield return new("basic may not act", 401, s => RawHttp.Request("POST", $"{Api}/jobs/{s.Job}/cancel", null, headers: $"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"x:{HostileServer.Victim}"))}"));
        yield return new("cookie may not act without its form", 401, s => RawHttp.Request("POST", $"{Api}/jobs/{s.Job}/cancel", null, headers: $"Cookie: orchestrator-key={Cookie(HostileServer.Victim)}"));
        yield return new("cookie with a page's form and no token", 400, s => RawHttp.Request("POST", $"/jobs/{s.Job}/cancel", null, Encoding.ASCII.GetBytes("a=b"), "application/x-www-form-urlencoded", $"Cookie: orchestrator-key={Cookie(HostileServer.Victim)}"));
        yield return new("cookie from a foreign page", 303, s => RawHttp.Request("POST", $"/jobs/{s.Job}/cancel", null, Encoding.ASCII.GetBytes("a=b"), "application/x-www-form-urlencoded", $"Cookie: orchestrator-key={Cookie(HostileServer.Victim)}", "Sec-Fetch-Site: cross-site"));
        yield return new("forged cookie", 401, _ => RawHttp.Request("GET", $"{Api}/jobs", null, headers: "Cookie: orchestrator-key=%00%ff"));
    }

    /// <summary>A key that is right and whose role is too small.</summary>
    private static IEnumerable<Hostile> TooLittle()
    {
        yield return new("reader: submits", 403, _ => RawHttp.Request("POST", $"{Api}/jobs", HostileServer.VictimReader, Bytes(HostileServer.Document("out/x"))));
        yield return new("reader: plans", 403, _ => RawHttp.Request("POST", $"{Api}/jobs/plan", HostileServer.VictimReader, Bytes(HostileServer.Document("out/x"))));
        yield return new("reader: cancels", 403, s => RawHttp.Request("POST", $"{Api}/jobs/{s.Job}/cancel", HostileServer.VictimReader));
        yield return new("reader: deletes", 403, s => RawHttp.Request("DELETE", $"{Api}/jobs/{s.Job}", HostileServer.VictimReader));
        yield return new("reader: schedules", 403, _ => RawHttp.Request("POST", $"{Api}/schedules", HostileServer.VictimReader, "{}"u8.ToArray()));
        yield return new("reader: ends a schedule", 403, s => RawHttp.Request("DELETE", $"{Api}/schedules/{s.Schedule}", HostileServer.VictimReader));
        yield return new("reader: webhook", 403, _ => RawHttp.Request("POST", $"{Api}/webhooks", HostileServer.VictimReader, "{}"u8.ToArray()));
        yield return new("reader: ends a webhook", 403, s => RawHttp.Request("DELETE", $"{Api}/webhooks/{s.Webhook}", HostileServer.VictimReader));
        foreach (var verb in (string[])["cordon", "uncordon", "drain"])
        {
            yield return new($"submitter: {verb}", 403, _ => RawHttp.Request("POST", $"{Api}/workers/w/{verb}", HostileServer.Victim));
        }

        yield return new("submitter: dashboard", 403, _ => RawHttp.Request("GET", "/dashboard/DashboardCounters", HostileServer.Victim));
    }

    /// <summary>Paths that lead out of a job's output, or to what is not published. Sent as written.</summary>
    private static IEnumerable<Hostile> Artifacts()
    {
        foreach (var (path, status) in ((string, int)[])[
            ("../../../secret.txt", 404), ("%2e%2e/%2e%2e/%2e%2e/%2e%2e/secret.txt", 404), ("..%2f..%2f..%2f..%2fsecret.txt", 404), ("..%5c..%5c..%5csecret.txt", 404),
            ("%252e%252e/%252e%252e/secret.txt", 404), ("..%252f..%252fsecret.txt", 404), ("report/../../../../secret.txt", 404), ("report/..%2f..%2f..%2f..%2fsecret.txt", 404),
            ("%c0%ae%c0%ae/secret.txt", 404), ("..;/..;/secret.txt", 404), ("%2fetc%2fpasswd", 404), ("/etc/passwd", 404), ("//etc/passwd", 404), ("C:%5csecret.txt", 404), ("file:///etc/passwd", 404),
            ("manifest.json%00.txt", 400), ("%00", 400), ("manifest.json%0a", 404), ("link.txt", 404), ("folder/secret.txt", 404), (".work/part", 404), ("report/.hidden", 404), ("report", 404),
            (new string('a', 5000), 404), ("a/" + string.Concat(Enumerable.Repeat("../", 30)) + "etc/passwd", 404),
        ])
        {
            yield return new($"artifact: {(path.Length > 60 ? path[..60] : path)}", status, s => RawHttp.Request("GET", $"{Api}/jobs/{s.Job}/artifacts/{path}", HostileServer.Victim));
        }
    }

    /// <summary>Documents that name what is not their tenant's, or not here at all.</summary>
    private static IEnumerable<Hostile> Paths()
    {
        string[] places =
        [
            "/etc/passwd", "../victim/pool/0000.tar", "../../secret.txt", "link.tar", "up/secret.txt", "other/pool/0000.tar", "pool/../../victim/pool/0000.tar",
            "http://169.254.169.254/latest/meta-data/", "https://hooks.example.org/a.tar", "file:///etc/passwd", "s3://bucket/a.tar", "ftp://127.0.0.1/a.tar", "pipe:cat /etc/passwd", "\\\\127.0.0.1\\share\\a.tar", "pool/0000.tar\0",
        ];
        foreach (var place in places)
        {
            yield return Doc($"input: {Printable(place)}", 422, d => d["input"]!["shards"] = new JsonArray(place), "$.input.shards[0]");
        }

        foreach (var place in (string[])["/tmp", "../victim/out/two", "..", "up/x", "other/x", "http://127.0.0.1/x", "s3://bucket/x", "out/x\0", "", "link.tar/x", "pool"])
        {
            yield return Doc($"output: {Printable(place)}", 422, d => d["output"] = new JsonObject { ["path"] = place }, "$.output.path");
        }

        foreach (var place in (string[])["/etc/passwd", "link.tar", "http://127.0.0.1/lid.bin", "../victim/pool/0000.tar"])
        {
            yield return Doc($"language model: {place}", 422, d => d["stages"]![0]!["languageModel"] = place, "$.stages[0].languageModel");
            yield return new($"prompts: {place}", 422, _ => Post("jobs", Evaluation(place)), "$.prompts.path");
            yield return new($"scores: {place}", 422, _ => Post("jobs", new JsonObject { ["kind"] = "selection", ["name"] = "x", ["from"] = place, ["output"] = new JsonObject { ["path"] = "out/x" } }), "$.from");
        }

        yield return Doc("dedup against another tenant", 422, d => d["stages"] = new JsonArray(new JsonObject { ["type"] = "dedup", ["method"] = "sha256", ["against"] = new JsonArray("../victim/out/one") }), "$.stages[0].against[0]");
        yield return Doc("glob over everything", 422, d => d["input"]!["shards"] = new JsonArray("/**/*.txt"));
        yield return Doc("glob through a link", 422, d => d["input"]!["shards"] = new JsonArray("up/*.txt"));
    }

    /// <summary>Documents made to cost the server memory or time, or to break what shows them.</summary>
    private static IEnumerable<Hostile> Documents()
    {
        yield return Doc("braces for a billion names", 422, d => d["input"]!["shards"] = new JsonArray("{0..999999999}.tar"), "$.input.shards[0]");
        yield return Doc("braces of braces", 422, d => d["input"]!["shards"] = new JsonArray(string.Concat(Enumerable.Repeat("{a,b,c,d}", 40))));
        yield return Doc("braces nested", 422, d => d["input"]!["shards"] = new JsonArray(new string('{', 200) + new string('}', 200)));
        yield return Doc("rules nested", 422, d => d["select"] = Nested(20));
        yield return Doc("100 stages", 422, d => d["stages"] = new JsonArray([.. Enumerable.Range(0, 100).Select(_ => new JsonObject { ["type"] = "basic-filter" })]));
        yield return Doc("name with markup", 422, d => d["name"] = "<script>alert(1)</script>", "$.name");
        yield return Doc("name with a path", 422, d => d["name"] = "../../x", "$.name");
        yield return Doc("name with a line end", 422, d => d["name"] = "x\r\nSet-Cookie: a=b");
        yield return Doc("tenant of another type", 422, d => d["tenant"] = new JsonArray("victim"));
        yield return Doc("priority 6", 422, d => d["priority"] = 6, "$.priority");
        yield return Doc("priority 0", 422, d => d["priority"] = 0);
        yield return Doc("parallelism 0", 422, d => d["limits"] = new JsonObject { ["parallelism"] = 0 }, "$.limits.parallelism");
        yield return Doc("parallelism beyond reason", 422, d => d["limits"] = new JsonObject { ["parallelism"] = 1_000_000_000 });
        yield return Doc("unknown field", 422, d => d["__proto__"] = new JsonObject());
        yield return Doc("unknown kind", 422, d => d["kind"] = "shell");
        yield return Doc("samples per shard beyond a number", 422, d => d["output"]!["samplesPerShard"] = 99999999999999L);
        yield return new("a list", 422, _ => Post("jobs", new JsonArray()));
        yield return new("a number", 422, _ => Post("jobs", JsonValue.Create(1)));
    }

    /// <summary>Bodies that are no document.</summary>
    private static IEnumerable<Hostile> Bodies()
    {
        (string Name, int Status, byte[] Body)[] bodies =
        [
            ("nothing", 400, []),
            ("no JSON", 400, "{]"u8.ToArray()),
            ("65 deep", 400, Encoding.ASCII.GetBytes(new string('[', 65) + new string(']', 65))),
            ("100,000 deep", 413, Encoding.ASCII.GetBytes(new string('[', 100_000))),
            ("30,000 deep", 400, Encoding.ASCII.GetBytes(new string('[', 30_000) + new string(']', 30_000))),
            ("a property twice", 400, """{"kind":"curation","kind":"shell"}"""u8.ToArray()),
            ("not UTF-8", 400, [.. "{\"kind\":\""u8, 0xC0, 0xAE, .. "\"}"u8]),
            ("half a surrogate", 400, """{"kind":"\ud800"}"""u8.ToArray()),
            ("UTF-16", 400, Encoding.Unicode.GetBytes("{\"kind\":\"curation\"}")),
            ("two documents", 400, "{}{}"u8.ToArray()),
            ("a comment", 400, "{/*x*/}"u8.ToArray()),
            ("NaN", 400, """{"priority":NaN}"""u8.ToArray()),
            ("one byte too long", 413, [.. "{}"u8, .. Enumerable.Repeat((byte)' ', HostileServer.MaxDocumentBytes - 1)]),
        ];
        foreach (var (name, status, body) in bodies)
        {
            yield return new($"body: {name}", status, _ => RawHttp.Request("POST", $"{Api}/jobs", HostileServer.Stranger, body));
            yield return new($"plan: {name}", status, _ => RawHttp.Request("POST", $"{Api}/jobs/plan", HostileServer.Stranger, body));
        }

        foreach (var type in (string[])["application/x-yaml", "text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/jsonp"])
        {
            yield return new($"type: {type}", 415, _ => RawHttp.Request("POST", $"{Api}/jobs", HostileServer.Stranger, "{}"u8.ToArray(), type));
        }

        yield return new("body: too long, in chunks", 413, _ => Chunked(HostileServer.MaxDocumentBytes + 10));
        yield return new("idempotency key too long", 400, _ => RawHttp.Request("POST", $"{Api}/jobs", HostileServer.Stranger, "{}"u8.ToArray(), "application/json", $"Idempotency-Key: {new string('k', 201)}"));
        yield return new("body: compressed", 400, _ => RawHttp.Request("POST", $"{Api}/jobs", HostileServer.Stranger, [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], "application/json", "Content-Encoding: gzip"));
    }

    /// <summary>What is hardly HTTP: refused by the web server before any code of ours.</summary>
    private static IEnumerable<Hostile> Protocol()
    {
        (string Name, int Status, string Text)[] requests =
        [
            ("no host", 400, "GET /api/v1/jobs HTTP/1.1\r\n\r\n"),
            ("two hosts", 400, "GET /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"),
            ("host with a path", 400, "GET /api/v1/jobs HTTP/1.1\r\nHost: localhost/evil\r\n\r\n"),
            ("unknown version", 505, "GET /api/v1/jobs HTTP/9.9\r\nHost: localhost\r\n\r\n"),
            ("negative length", 400, "POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n"),
            ("two lengths", 400, "POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
            ("unknown coding", 400, "POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, evil\r\n\r\n"),
            ("bad chunk", 400, $"POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {HostileServer.Stranger}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"),
            ("space before the colon", 400, "GET /api/v1/jobs HTTP/1.1\r\nHost : localhost\r\n\r\n"),
            ("zero in a header", 400, "GET /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: a\0b\r\n\r\n"),
            ("zero in the path", 400, "GET /api/v1/jobs\0 HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            ("100 headers", 431, $"GET /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\n{string.Concat(Enumerable.Range(0, 100).Select(i => $"X-{i}: a\r\n"))}\r\n"),
            ("a header of 40 KiB", 431, $"GET /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nX-A: {new string('a', 40 << 10)}\r\n\r\n"),
            ("a target of 10 KiB", 414, $"GET /{new string('a', 10 << 10)} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            ("not HTTP", 400, "\u0016\u0003\u0001\u0002\0\u0001\r\n\r\n"),
        ];
        foreach (var (name, status, text) in requests)
        {
            yield return new($"protocol: {name}", status, _ => Encoding.Latin1.GetBytes(text));
        }

        yield return new("protocol: TRACE", 405, _ => RawHttp.Request("TRACE", $"{Api}/jobs", HostileServer.Victim));
        yield return new("protocol: PUT", 405, _ => RawHttp.Request("PUT", $"{Api}/jobs", HostileServer.Victim, "{}"u8.ToArray()));
        yield return new("protocol: method overridden", 415, s => RawHttp.Request("POST", $"{Api}/jobs", HostileServer.Victim, "a=b"u8.ToArray(), "text/plain", "X-HTTP-Method-Override: DELETE"));
        yield return new("protocol: body larger than any document", 413, _ => Encoding.ASCII.GetBytes($"POST {Api}/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Api-Key: {HostileServer.Stranger}\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n"));
    }

    private static IEnumerable<Hostile> Queries()
    {
        foreach (var query in (string[])["limit=0", "limit=201", "limit=-1", "limit=1e9", "state=' OR 1=1 --", "state=Running", "cursor=' OR '1'='1", "cursor=../../x", "limit=99999999999999999999"])
        {
            yield return new($"query: {query}", 400, _ => RawHttp.Request("GET", $"{Api}/jobs?{Uri.EscapeDataString(query).Replace("%3D", "=", StringComparison.Ordinal)}", HostileServer.Victim));
        }

        yield return new("query: job id with SQL", 404, _ => RawHttp.Request("GET", $"{Api}/jobs/x'%20OR%20'1'='1", HostileServer.Victim));
        yield return new("query: job id with a path", 404, _ => RawHttp.Request("GET", $"{Api}/jobs/..%2f..%2fx", HostileServer.Victim));
        yield return new("query: shard id with SQL", 404, s => RawHttp.Request("GET", $"{Api}/jobs/{s.Job}/shards/score-0'--/attempts", HostileServer.Victim));
        yield return new("query: last event id", 400, s => RawHttp.Request("GET", $"{Api}/jobs/{s.Job}/events", HostileServer.Victim, headers: "Last-Event-ID: -1"));
        yield return new("query: deliveries without end", 400, s => RawHttp.Request("GET", $"{Api}/webhooks/{s.Webhook}/deliveries?limit=100000", HostileServer.Victim));
    }

    /// <summary>Addresses that the server must not be talked into calling.</summary>
    private static IEnumerable<Hostile> WebhookAddresses()
    {
        string[] addresses =
        [
            "http://hooks.example.org/", "https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://2130706433/", "https://0x7f.1/", "https://169.254.169.254/latest/meta-data/",
            "https://10.0.0.1/", "https://hooks.example.org.evil.example/", "https://evil.example/hooks.example.org", "https://evil.example#hooks.example.org", "https://evil.example?hooks.example.org",
            "https://hooks.example.org@evil.example/", "https://user:pass@hooks.example.org/", "https://hooks.example.org:22/", "https://hooks.example.org\\@evil.example/", "https://hоoks.example.org/", "ftp://hooks.example.org/", "file:///etc/passwd",
            "javascript:alert(1)", "gopher://hooks.example.org/", "//hooks.example.org/", "hooks.example.org", "https://hooks.example.org/\r\nX-A: b", "https://hooks.example.org/a b", "https:///", "", "https://hooks.example.org/" + new string('a', 3000),
        ];
        foreach (var address in addresses)
        {
            yield return new($"webhook: {Printable(address)}", 422, _ => Post("webhooks", new JsonObject { ["url"] = address }), "$.url");
        }

        yield return new("webhook: address is a number", 422, _ => Post("webhooks", new JsonObject { ["url"] = 1 }));
        yield return new("webhook: brings its own secret", 422, _ => Post("webhooks", new JsonObject { ["url"] = "https://hooks.example.org/", ["secret"] = "known" }));
        yield return new("webhook: too large", 413, _ => Post("webhooks", new JsonObject { ["url"] = new string('a', 20_000) }));
    }

    private static IEnumerable<Hostile> Schedules()
    {
        foreach (var cron in (string[])["* * * * * *", "every day", "61 * * * *", "0 0 31 2 *", "", "* * * *", "@reboot", "$(id) * * * *", new string('*', 500)])
        {
            yield return new($"schedule: {Printable(cron)}", 422, _ => Post("schedules", new JsonObject { ["name"] = "x", ["cron"] = cron, ["document"] = With(d => d["output"]!["path"] = "out/{tick}") }), "$.cron");
        }

        yield return new("schedule: no document", 422, _ => Post("schedules", new JsonObject { ["name"] = "x", ["cron"] = "@daily" }));
        yield return new("schedule: one place for all runs", 422, _ => Post("schedules", new JsonObject { ["name"] = "x", ["cron"] = "@daily", ["document"] = HostileServer.Document("out/x") }));
        yield return new("schedule: name with markup", 422, _ => Post("schedules", new JsonObject { ["name"] = "<b>", ["cron"] = "@daily", ["document"] = With(d => d["output"]!["path"] = "out/{tick}") }));
        yield return new("schedule: out of the folder", 422, _ => Post("schedules", new JsonObject { ["name"] = "x", ["cron"] = "@daily", ["document"] = With(d => d["output"]!["path"] = "../victim/{tick}") }));
    }

    private static Hostile Doc(string name, int status, Action<JsonObject> change, string? because = null) =>
        new($"document: {name}", status, _ => Post("jobs", With(change)), because);

    private static JsonObject With(Action<JsonObject> change)
    {
        var document = HostileServer.Document("out/hostile");
        change(document);
        return document;
    }

    private static JsonObject Evaluation(string prompts) => new()
    {
        ["kind"] = "evaluation",
        ["target"] = "lm",
        ["prompts"] = new JsonObject { ["path"] = prompts },
        ["methods"] = new JsonArray(new JsonObject { ["type"] = "prompt-lookup", ["ngram"] = 3, ["gamma"] = 4 }),
        ["sampling"] = new JsonArray(new JsonObject { ["temperature"] = 0 }),
    };

    private static JsonNode Nested(int depth) => depth == 0
        ? new JsonObject { ["by"] = "clip", ["min"] = 0 }
        : new JsonObject { ["all"] = new JsonArray(Nested(depth - 1)) };

    private static byte[] Post(string route, JsonNode body) => RawHttp.Request("POST", $"{Api}/{route}", HostileServer.Stranger, Bytes(body));

    private static byte[] Bytes(JsonNode body) => Encoding.UTF8.GetBytes(body.ToJsonString());

    private static byte[] Chunked(int length)
    {
        var head = $"POST {Api}/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Api-Key: {HostileServer.Stranger}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n";
        return [.. Encoding.ASCII.GetBytes(head), .. Enumerable.Repeat((byte)' ', length), .. "\r\n0\r\n\r\n"u8];
    }

    private static string Cookie(string key) => Convert.ToBase64String(Encoding.UTF8.GetBytes(key)).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static string Printable(string text) =>
        string.Concat((text.Length > 50 ? text[..50] : text).Select(c => char.IsControl(c) || c > 126 ? $"\\u{(int)c:x4}" : $"{c}"));
}
