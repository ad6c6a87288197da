using Microsoft.Playwright;

// Each class starts a server and a browser; more than two at a time would only wait for each other.
[assembly: Xunit.v3.Parallelization(MaxThreads = 2)]

namespace Orchestrator.Pages.Tests.Testing;

/// <summary>
/// The distribution's Chromium, started once for the tests of a class. Every page that it opens notes what would be wrong on
/// any page: an error of a script, a refused or foreign request.
/// </summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private IPlaywright? playwright;
    private IBrowser? browser;

    private static string? Executable => Environment.GetEnvironmentVariable("CHROMIUM_PATH") is { Length: > 0 } path ? path : Places.FirstOrDefault(File.Exists);

    public async ValueTask InitializeAsync()
    {
        if (Executable is null)
        {
            return;
        }

        playwright = await Playwright.CreateAsync();
        Assertions.SetDefaultExpectTimeout(30_000);

        // A test run as root, as in a container, has no sandbox to start; the pages are this server's own.
        browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Executable, Args = ["--no-sandbox", "--disable-gpu"] });
    }

    /// <summary>Opens a new profile with one page; skips the test where there is no Chromium.</summary>
    public async Task<Visit> OpenAsync(Uri server, BrowserNewContextOptions? options = null)
    {
        Assert.SkipWhen(browser is null, "Chromium is not here: apt-get install chromium, or name it in CHROMIUM_PATH.");
        options ??= new();
        options.BaseURL = server.ToString();
        options.ReducedMotion = ReducedMotion.Reduce;
        var context = await browser.NewContextAsync(options);
        return new Visit(await context.NewPageAsync(), server);
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null)
        {
            await browser.DisposeAsync();
        }

        playwright?.Dispose();
    }
}

/// <summary>A page, and what went wrong on it.</summary>
public sealed class Visit : IAsyncDisposable
{
    private readonly List<string> troubles = [];

    internal Visit(IPage page, Uri server)
    {
        Page = page;
        page.PageError += (_, error) => troubles.Add($"script error: {error}");
        page.Console += (_, message) =>
        {
            // Chromium reports a policy's refusal here, and every 4xx answer, which tests of refusals want to see.
            if (message.Type == "error" && !message.Text.Contains("the server responded with a status of 4", StringComparison.Ordinal))
            {
                troubles.Add($"console: {message.Text}");
            }
        };
        page.Request += (_, request) =>
        {
            Requests.Add(request.Url);
            if (!request.Url.StartsWith(server.ToString(), StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal))
            {
                troubles.Add($"request to elsewhere: {request.Url}");
            }
        };
    }

    public IPage Page { get; }

    /// <summary>Addresses of all requests so far.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>Fails where anything went wrong so far.</summary>
    public void AssertNoTrouble() => Assert.Empty(troubles);

    public async ValueTask DisposeAsync() => await Page.Context.DisposeAsync();
}
