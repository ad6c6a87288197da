using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Api.Tests.Testing;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Pages.Tests.Testing;

/// <summary>Jobs that have ended, put into the store without a run.</summary>
internal static class EndedJobs
{
    /// <summary>Three cells: an exact one, a lossy one with a name that looks like a tag, and the baseline.</summary>
    private const string Result = """
        { "cells": [
          { "method": { "type": "draft-model", "draft": "lm-draft", "gamma": 4 }, "sampling": { "temperature": 0.8, "topP": 0.95 },
            "losslessness": { "verdict": "exact", "reason": "every draw", "mayRank": true },
            "overall": { "mat": 3.721, "drafted": 10, "acceptanceOfDrafted": 0.7, "coverage": 1 },
            "speed": { "speedup": { "estimate": 1.42, "low": 1.27, "high": 1.55 } } },
          { "method": { "type": "medusa", "heads": "<b>heads</b>", "acceptance": "typical" }, "sampling": { "temperature": 0.8 },
            "losslessness": { "verdict": "lossy", "reason": "by design", "mayRank": false },
            "overall": { "mat": 3.24, "drafted": 5, "acceptanceOfDrafted": 0.15, "coverage": 0.5 },
            "speed": { "speedup": { "estimate": 1.12, "low": null, "high": null } } },
          { "method": { "type": "autoregressive" }, "sampling": { "temperature": 0 }, "losslessness": { "verdict": "identical", "reason": "", "mayRank": true },
            "overall": { "mat": 1, "drafted": 0, "acceptanceOfDrafted": null, "coverage": 1 }, "speed": null } ] }
        """;

    /// <summary>An evaluation with a published <c>result.json</c>.</summary>
    public static async Task<string> StoreEvaluationAsync(ApiServer server)
    {
        var output = Directory.CreateDirectory(Path.Combine(server.Base, Docs.Unique("evaluation"))).FullName;
        await File.WriteAllTextAsync(Path.Combine(output, "result.json"), Result);
        return await StoreAsync(server, "speculation", "evaluation", output);
    }

    /// <summary>A cancelled job.</summary>
    public static async Task<string> StoreAsync(ApiServer server, string name, string kind = "curation", string? output = null)
    {
        var store = server.Services.GetRequiredService<IJobStore>();
        var id = JobId.Create(kind[..3]);
        var document = Docs.Curation(server).ToJsonString();
        await store.CreateJobAsync(new NewJob(id, kind, name, name, 3, document, id.Value, output, null, [], [], "score", [new ShardSpec(0, "{}")]), default);
        var job = (await store.GetJobAsync(id, default))!;
        Assert.NotNull(await store.TryChangeAsync(new JobChange(id, job.Version, JobState.Cancelled, name, []), default));
        return id.Value;
    }
}
