using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Api.Tests.Testing;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Tests.Security;

/// <summary>
/// A server with two tenants that must not see each other: <c>victim</c> with a job that has output, a schedule and a webhook, and
/// <c>stranger</c>. Each has a folder of its own; a secret lies outside both.
/// </summary>
public sealed class HostileServer : IAsyncLifetime
{
    public const string Victim = "victim-key-0123456789";
    public const string VictimReader = "victim-reader-key-0123456789";
    public const string Stranger = "stranger-key-0123456789";
    public const string Operator = "operator-key-0123456789";
    public const string Secret = "the secret outside";
    public const int MaxDocumentBytes = 65_536;

    public ApiServer Server { get; } = new(new()
    {
        ["Auth:Keys:0:Key"] = Victim,
        ["Auth:Keys:0:Name"] = "victor",
        ["Auth:Keys:0:Tenant"] = "victim",
        ["Auth:Keys:0:Roles:0"] = "submitter",
        ["Auth:Keys:1:Key"] = VictimReader,
        ["Auth:Keys:1:Name"] = "vera",
        ["Auth:Keys:1:Tenant"] = "victim",
        ["Auth:Keys:1:Roles:0"] = "reader",
        ["Auth:Keys:2:Key"] = Stranger,
        ["Auth:Keys:2:Name"] = "stan",
        ["Auth:Keys:2:Tenant"] = "stranger",
        ["Auth:Keys:2:Roles:0"] = "submitter",
        ["Auth:Keys:3:Key"] = Operator,
        ["Auth:Keys:3:Name"] = "olga",
        ["Auth:Keys:3:Roles:0"] = "operator",
        ["Limits:MaxDocumentBytes"] = $"{MaxDocumentBytes}",
        ["Webhooks:AllowedHosts:0"] = "hooks.example.org",
        ["Webhooks:SigningKey"] = "signing-key-0123456789-0123456789-0123456789",
        ["Storage:Tenants:victim:AllowedRoots:0"] = "victim",
        ["Storage:Tenants:stranger:AllowedRoots:0"] = "stranger",
    });

    public string Job { get; private set; } = "";

    public string Schedule { get; private set; } = "";

    public string Webhook { get; private set; } = "";

    /// <summary>A file outside both tenants' folders and inside the server's.</summary>
    public string SecretPath => Path.Combine(Server.Folder, "secret.txt");

    public async ValueTask InitializeAsync()
    {
        foreach (var tenant in (string[])["victim", "stranger"])
        {
            var pool = Directory.CreateDirectory(Path.Combine(Server.Base, tenant, "pool")).FullName;
            await File.WriteAllBytesAsync(Path.Combine(pool, "0000.tar"), new byte[1024]);
        }

        await File.WriteAllTextAsync(SecretPath, Secret);
        var home = Path.Combine(Server.Base, "stranger");
        File.CreateSymbolicLink(Path.Combine(home, "link.tar"), SecretPath);
        Directory.CreateSymbolicLink(Path.Combine(home, "up"), Server.Folder);
        Directory.CreateSymbolicLink(Path.Combine(home, "other"), Path.Combine(Server.Base, "victim"));
        await Server.InitializeAsync();

        Job = (await MakeAsync("jobs", Document("out/one"))).Text("id");
        Schedule = (await MakeAsync("schedules", new JsonObject { ["name"] = "nightly", ["cron"] = "0 3 1 1 *", ["document"] = Document("out/{tick}") })).Text("id");
        Webhook = (await MakeAsync("webhooks", new JsonObject { ["url"] = "https://hooks.example.org/" })).Text("id");
        var output = Directory.CreateDirectory(Path.Combine(Server.Base, "victim", "out", "one")).FullName;
        foreach (var (name, text) in ((string, string)[])[("manifest.json", "{}"), ("report/index.html", "<p>report</p>"), (".work/part", Secret)])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(output, name))!);
            await File.WriteAllTextAsync(Path.Combine(output, name), text);
        }

        File.CreateSymbolicLink(Path.Combine(output, "link.txt"), SecretPath);
        Directory.CreateSymbolicLink(Path.Combine(output, "folder"), Server.Folder);
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    /// <summary>A valid document of either tenant: relative paths start in its own folder.</summary>
    public static JsonObject Document(string output) => new()
    {
        ["kind"] = "curation",
        ["name"] = "job",
        ["input"] = new JsonObject { ["shards"] = new JsonArray("pool/0000.tar") },
        ["stages"] = new JsonArray(new JsonObject { ["type"] = "basic-filter", ["minWords"] = 3 }),
        ["output"] = new JsonObject { ["path"] = output },
    };

    /// <summary>Everything that a refused request must leave as it is: rows, the victim's job to its version, and files to their bytes' number.</summary>
    public async Task<string> SnapshotAsync()
    {
        var store = Server.Services.GetRequiredService<IJobStore>();
        var jobs = await store.ListJobsAsync(new JobQuery(Limit: 1000), default);
        var schedules = await Server.Services.GetRequiredService<IScheduleStore>().ListSchedulesAsync(null, default);
        var hooks = await Server.Services.GetRequiredService<IWebhookStore>().ListWebhooksAsync(null, default);
        var events = await store.ReadEventsAsync(JobId.Parse(Job), 0, 1000, default);
        var files = Directory.EnumerateFileSystemEntries(Server.Folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Where(f => !Path.GetFileName(f).StartsWith("store.db", StringComparison.Ordinal))
            .Select(f => $"{f} {(File.Exists(f) ? new FileInfo(f).Length : -1)}").Order(StringComparer.Ordinal);
        return string.Join('\n', jobs.Select(j => $"{j.Id} {j.State} {j.Version}").Concat(schedules.Select(s => $"{s}")).Concat(hooks.Select(h => $"{h}")).Concat(files).Append($"{events.Count(e => e.Type == "job.state")} changes"));
    }

    private async Task<Answer> MakeAsync(string what, JsonObject body)
    {
        var answer = await Server.Client.SendAsync(HttpMethod.Post, $"/api/v1/{what}", JsonContent.Create(body), ("X-Api-Key", Victim));
        Assert.True((int)answer.Status == 201, $"{what}: {answer.Status} {answer.Body}");
        return answer;
    }
}
