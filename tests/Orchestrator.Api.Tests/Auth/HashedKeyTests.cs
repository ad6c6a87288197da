using System.Net;
using Microsoft.Extensions.Options;
using Orchestrator.Api.Auth;
using Orchestrator.Api.Options;
using Orchestrator.Api.Tests.Testing;

namespace Orchestrator.Api.Tests.Auth;

/// <summary>Keys that stand hashed in the configuration.</summary>
public sealed class HashedKeyTests
{
    /// <summary>FIPS 180-2, appendix B.1: sha256 of "abc".</summary>
    [Fact]
    public void Hash_IsSha256OfTheKeysBytes() =>
        Assert.Equal("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", KeyRing.Hash("abc"));

    [Fact]
    public void NewKey_Has256RandomBits()
    {
        var keys = Enumerable.Range(0, 100).Select(_ => KeyRing.NewKey()).ToArray();
        Assert.All(keys, key => Assert.Matches("^orch_[0-9a-f]{64}$", key));
        Assert.Equal(100, keys.Distinct().Count());
    }

    [Fact]
    public async Task HashedKey_LetsItsKeyInAndNotTheHash()
    {
        var key = KeyRing.NewKey();
        await using var server = new ApiServer(Settings(KeyRing.Hash(key)));
        await server.InitializeAsync();

        Assert.Equal(HttpStatusCode.OK, (await server.Client.GetJsonAsync("/api/v1/jobs", ("X-Api-Key", key))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Client.GetJsonAsync("/api/v1/jobs", ("X-Api-Key", KeyRing.Hash(key)))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Client.GetJsonAsync("/api/v1/jobs", ("X-Api-Key", KeyRing.Hash(key)["sha256:".Length..]))).Status);
    }

    [Theory]
    [InlineData("sha256:", null, false, "Auth:Keys:0:Key")]
    [InlineData("sha256:xyz", null, false, "Auth:Keys:0:Key")]
    [InlineData("plain-key-0123456789", null, true, "Auth:Keys:0:Key")]
    [InlineData("plain-key-0123456789", "a b", false, "Auth:Keys:0:Tenant")]
    [InlineData("plain-key-0123456789", "acme", false, "Auth:Keys:0:Roles")]
    public void Validate_Mistake_NamesTheFieldAndNeverTheKey(string key, string? tenant, bool requireHashed, string field)
    {
        var options = new AuthOptions
        {
            RequireHashedKeys = requireHashed,
            Keys = [new AuthKeyOptions { Key = key, Name = "ada", Tenant = tenant, Roles = [tenant == "acme" ? Roles.Operator : Roles.Reader] }],
        };
        var failure = Assert.Single(new AuthOptionsValidator().Validate(null, options).Failures!);
        Assert.StartsWith(field, failure, StringComparison.Ordinal);
        Assert.DoesNotContain("plain-key", failure, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_HashedKeyWhereRequired_IsValid() => Assert.True(new AuthOptionsValidator().Validate(null, new AuthOptions
    {
        RequireHashedKeys = true,
        Keys = [new AuthKeyOptions { Key = KeyRing.Hash("k"), Name = "ada", Roles = [Roles.Operator] }],
    }).Succeeded);

    [Fact]
    public async Task TenantRootsOutsideTheServers_RefusesToStart()
    {
        await using var server = new ApiServer(new()
        {
            ["Storage:Tenants:acme:AllowedRoots:0"] = "/etc",
            ["Storage:Tenants:other:AllowedRoots:0"] = "../elsewhere",
        });
        var error = await Assert.ThrowsAsync<OptionsValidationException>(async () => await server.InitializeAsync());
        Assert.Equal(["Storage:Tenants:acme:AllowedRoots:0", "Storage:Tenants:other:AllowedRoots:0"], error.Failures.Select(f => f.Split(": ")[0]));
    }

    private static Dictionary<string, string?> Settings(string key) => new()
    {
        ["Auth:RequireHashedKeys"] = "true",
        ["Auth:Keys:0:Key"] = key,
        ["Auth:Keys:0:Name"] = "ada",
        ["Auth:Keys:0:Roles:0"] = "reader",
    };
}
