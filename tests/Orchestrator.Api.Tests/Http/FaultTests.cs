using System.Net;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Api.Tests.Testing;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Tests.Http;

public sealed class FaultTests
{
    [Fact]
    public async Task StoreCannotBeReached_503WithRetryAfter()
    {
        await using var server = new ApiServer([], services => services.AddSingleton(UnreachableStore.Create()));
        await server.InitializeAsync();

        foreach (var path in new[] { "/api/v1/jobs", "/api/v1/jobs/cur-000000000000", "/api/v1/jobs/cur-000000000000/result" })
        {
            var answer = await server.Client.GetJsonAsync(path);

            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
            Assert.Equal(503, answer.Body.GetProperty("status").GetInt32());
            Assert.NotNull(answer.Response.Headers.RetryAfter);
        }
    }
}

/// <summary>A store that starts and then never answers again.</summary>
public class UnreachableStore : DispatchProxy
{
    public static IJobStore Create() => Create<IJobStore, UnreachableStore>();

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod?.Name switch
    {
        nameof(IJobStore.InitializeAsync) => Task.CompletedTask,
        nameof(IAsyncDisposable.DisposeAsync) => ValueTask.CompletedTask,
        _ => throw new StoreUnavailableException("The database is away.", outcomeUnknown: false, new IOException("connection refused")),
    };
}
