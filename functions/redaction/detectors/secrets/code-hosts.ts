import { tokens } from './token.ts';

/** Keys of code hosts, package registries, build services and infrastructure tools. */
export const codeHostDetectors = [
  // https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
  ...tokens('GITHUB_TOKEN', 'gh(p|o|u|s|r)_{w36-251}', 'github_pat_{s36-255}', 'v1.{h40}'),
  // https://docs.gitlab.com/security/tokens
  ...tokens(
    'GITLAB_TOKEN',
    'gl(pa|r)t-{s20-300}',
    'gl(pa|r)t-{s20-300}.{l2}.{l7-9}',
    'gl(pa|r)t-{s20-300}.{l9}',
    'glptt-{h40}',
    'gldt-{s20}',
    'glsoat-{s20}',
    'glffct-{s20}',
    'GR1348941{s20}',
    'gl(cbt|rtr|ft|wt)-{s20-60}',
    'glimt-{s25}',
    'glagent-{s50}',
    'gloas-{s64}',
    '_gitlab_session={h32}',
    '_gitlab_session={l32}',
  ),
  // https://support.atlassian.com/bitbucket-cloud
  ...tokens('BITBUCKET_TOKEN', 'ATBB{w32}', 'ATCTT3xFfG{e60-300}'),
  // https://docs.npmjs.com/about-access-tokens
  ...tokens('NPM_TOKEN', 'npm_{w36}'),
  // https://pypi.org/help/#apitoken
  ...tokens('PYPI_TOKEN', 'pypi-AgE{s50-1000}'),
  // https://guides.rubygems.org/api-key-scopes
  ...tokens('RUBYGEMS_TOKEN', 'rubygems_{h48}'),
  // https://github.com/clojars/clojars-web/wiki/Deploy-Tokens
  ...tokens('CLOJARS_TOKEN', 'CLOJARS_{l60}'),
  // https://crates.io
  ...tokens('CRATES_TOKEN', 'cio{w32}'),
  // https://learn.microsoft.com/nuget/nuget-org/publish-a-package
  ...tokens('NUGET_KEY', 'oy2{l43}'),
  // https://docs.docker.com/security/access-tokens
  ...tokens('DOCKER_TOKEN', 'dckr_(p|o)at_{s27-40}'),
  // https://jfrog.com/help
  ...tokens('JFROG_KEY', 'AKCp{w69}', 'cmVmdGtu{w56}', 'cmVmd{w59}'),
  // https://circleci.com/docs/managing-api-tokens
  ...tokens('CIRCLECI_TOKEN', 'CCIP(AT|RJ)_{w20-40}_{h40}'),
  // https://buildkite.com/docs/apis
  ...tokens('BUILDKITE_TOKEN', 'bkua_{h40}'),
  // https://developer.harness.io
  ...tokens('HARNESS_KEY', '(p|s)at.{s22}.{w24}.{w20}'),
  // https://www.pulumi.com/docs/pulumi-cloud/access-management
  ...tokens('PULUMI_TOKEN', 'pul-{h40}'),
  // https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/api-tokens
  ...tokens('TERRAFORM_TOKEN', '.atlasv1.{e60-70}'),
  // https://developer.hashicorp.com/vault/docs/concepts/tokens
  ...tokens('VAULT_TOKEN', 'hv(s|r).{s24-200}', 'hvb.{s24-300}'),
  // https://www.infracost.io/docs
  ...tokens('INFRACOST_KEY', 'ico-{w32}'),
  // https://docs.doppler.com/reference/auth-token-formats
  ...tokens('DOPPLER_TOKEN', 'dp.(pt|ct|sa|scim|audit).{w40-44}', 'dp.st.{s2-40}.{w40-44}'),
  // https://developer.1password.com/docs/service-accounts
  ...tokens('ONEPASSWORD_TOKEN', 'ops_ey{b200-1500}', 'A3-{u6}-{u6}-{u5}-{u5}-{u5}', 'A3-{u6}-{u11}-{u5}-{u5}-{u5}'),
  // https://sourcegraph.com/docs/cli/how-tos/creating_an_access_token
  ...tokens(
    'SOURCEGRAPH_TOKEN',
    'sgp_{h40}',
    'sgp_{h16}_{h40}',
    'sgp_{H40}',
    'sgp_local_{H40}',
    'sgp_{H16}_{H40}',
    'slk_{h64}',
  ),
  // https://docs.sonarsource.com/sonarqube-server/user-guide/managing-tokens
  ...tokens('SONAR_TOKEN', 'sq(u|p|a)_{h40}'),
  // https://docs.snyk.io
  ...tokens('SNYK_TOKEN', 'snyk_uat.{w8}.{s20-400}'),
  // https://octopus.com/docs/octopus-rest-api
  ...tokens('OCTOPUS_KEY', 'API-{u26}'),
  // https://learning.postman.com/docs/developer/postman-api
  ...tokens('POSTMAN_KEY', 'PMAK-{h24}-{h34}', 'PMAK-{w59}', 'PMAT-{u26}'),
  // https://docs.readme.com
  ...tokens('README_KEY', 'rdme_{l70}'),
  // https://docs.prefect.io
  ...tokens('PREFECT_KEY', 'pn(u|b)_{l36}'),
  // https://docs.coderabbit.ai
  ...tokens('CODERABBIT_KEY', 'cr-{h58}'),
  // functions/security
  ...tokens('WEIR_KEY', 'weir_{w16-64}'),
];
