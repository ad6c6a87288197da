using System.Net;
using Microsoft.Extensions.Options;
using Orchestrator.Api.Tests.Testing;

namespace Orchestrator.Api.Tests.Auth;

public sealed class ListenTests
{
    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://[::]:0")]
    public async Task BeyondLoopbackWithoutKeys_RefusesToStart(string url)
    {
        await using var server = new ApiServer([], url: url);

        var error = await Assert.ThrowsAnyAsync<Exception>(async () => await server.InitializeAsync());

        Assert.Contains("Set Auth:Keys", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LoopbackWithoutKeys_AnswersOnlyToLocalNames()
    {
        await using var server = new ApiServer();
        await server.InitializeAsync();

        var local = await server.Client.GetJsonAsync("/api/v1/jobs", ("Host", "localhost"));
        var rebound = await server.Client.GetJsonAsync("/api/v1/jobs", ("Host", "evil.example"));

        Assert.Equal(HttpStatusCode.OK, local.Status);
        Assert.Equal(HttpStatusCode.Unauthorized, rebound.Status);
    }

    [Fact]
    public async Task WrongSettings_RefusesToStartAndNamesEachOne()
    {
        await using var server = new ApiServer(new()
        {
            ["Auth:Keys:0:Key"] = "short",
            ["Auth:Keys:0:Roles:0"] = "admin",
            ["Limits:MaxDocumentBytes"] = "12",
            ["Limits:MaxShards"] = "0",
            ["Storage:AllowedRoots:0"] = " ",
        });

        var error = await Assert.ThrowsAnyAsync<Exception>(async () => await server.InitializeAsync());

        var messages = Messages(error).ToList();
        foreach (var field in new[] { "Auth:Keys:0:Key", "Auth:Keys:0:Name", "Auth:Keys:0:Roles", "Limits:MaxDocumentBytes", "Limits:MaxShards", "Storage:AllowedRoots:0" })
        {
            Assert.Contains(messages, m => m.StartsWith(field, StringComparison.Ordinal));
        }

        Assert.DoesNotContain(messages, m => m.Contains("short", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Messages(Exception error) => error switch
    {
        AggregateException all => all.InnerExceptions.SelectMany(Messages),
        OptionsValidationException options => options.Failures,
        _ => [error.Message],
    };
}
