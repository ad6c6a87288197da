using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Orchestrator.Api.Submission;
using Orchestrator.Data.Scores;
using Orchestrator.Domain.Documents;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Simulation;

/// <summary>Takes documents of kind <c>simulated</c>.</summary>
internal sealed class SimulatedPlanner : IDocumentPlanner
{
    public string Kind => SimulatedDocument.Kind;

    public IReadOnlyList<string> Phases { get; } = [SimulatedDocument.Phase];

    public ISubmission Read(JsonElement root, string? tenant) => new Submission(SimulatedDocument.Parse(root), tenant ?? "default");

    public Task<ISubmission> PlanAsync(JsonElement root, string? tenant, bool preview, CancellationToken cancellationToken) =>
        Task.FromResult(Read(root, tenant));

    private sealed record Submission(SimulatedDocument Document, string Tenant) : ISubmission
    {
        public string Kind => SimulatedDocument.Kind;

        public IReadOnlyList<string> Phases => [SimulatedDocument.Phase];

        public string Name => Document.Name;

        string? ISubmission.Tenant => Tenant;

        public string DocumentHash => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Document.ToJson())));

        public IReadOnlyList<DocumentError> Errors =>
            Document.Shards is < 1 or > 1_000_000 ? [new("$.shards", Document.Shards.ToString(), "must be 1 to 1,000,000")] : [];

        public int ShardCount => Document.Shards;

        public long Bytes => 0;

        public IReadOnlyList<string> Models => [];

        public string? Output => null;

        public SelectionPreview? Preview => null;

        public NewJob ToJob(string? idempotencyKey) => new(
            JobId.Create("sim"), Kind, Name, Tenant, 3, Document.ToJson(), DocumentHash, null, idempotencyKey, [], [], SimulatedDocument.Phase,
            [.. Enumerable.Range(0, Document.Shards).Select(i => new ShardSpec(i, "{}"))]);
    }
}
