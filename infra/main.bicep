// Daytwo in Azure: a Flex Consumption app, its storage without keys, its identity, its key vault, and the topic of its run events.
// Put your choices into parameters.json and pass that file to every deployment: a deployment sets everything that the template
// defines, so a choice that is missing from the file, or a setting that was made by hand, is lost.
// Deploy this into a resource group. roles.bicep grants the permissions on clusters, once per subscription of the fleet.
targetScope = 'resourceGroup'

@description('A short name, which the names of all resources contain.')
@minLength(3)
@maxLength(11)
param name string = 'daytwo'

@description('The region of the app. Choose one that has no clusters of the fleet, because an outage of their region must not stop the bot as well.')
param location string = resourceGroup().location

@description('Whether to create the Event Grid topic for run events.')
param withRunEvents bool = true

@description('Whether to create an Azure Bot for Teams with a separate identity (docs/teams.md).')
param withTeamsBot bool = false

@description('The application ID of an existing bot, instead of withTeamsBot. Its client secret is read from the vault, as teams-bot-secret.')
param teamsBotAppId string = ''

@description('Whether the app records metrics (docs/metrics.md). Its package needs the exporter.')
param withMetrics bool = false

@description('The maximum number of instances of the app.')
@minValue(40)
@maxValue(1000)
param maximumInstances int = 40

@description('The client ID of the app registration with which people sign in to the approval pages. Empty: no pages.')
param signInClientId string = ''

var suffix = uniqueString(resourceGroup().id, name)
var storageName = take(toLower('${name}${suffix}'), 24)
var deploymentContainer = 'deployment'
var ledgerStorageName = take('ledger${suffix}${toLower(name)}', 24)
var ledgerContainer = 'daytwo-ledger'
var contentContainer = 'daytwo-content'
var deadLetterContainer = 'dead-letter'

// Built-in roles. Their IDs are the same in every tenant.
var blobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var queueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
var tableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'
// The app's telemetry is sent with its identity, since local authentication is off (Microsoft Learn, "Microsoft Entra
// authentication for Application Insights"): without this role, no logs arrive.
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'
var eventGridDataSender = 'd5a91429-5739-47e2-a06b-3470a27159e7'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${name}-identity'
  location: location
}

// The identity of the bot in Teams. It has no other permissions.
resource botIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = if (withTeamsBot) {
  name: '${name}-bot-identity'
  location: location
}

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: storageName
  location: location
  kind: 'StorageV2'
  sku: {
    name: 'Standard_ZRS'
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: storage
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: 14
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: 14
    }
  }
}

resource deployment 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: deploymentContainer
  properties: {
    publicAccess: 'None'
  }
}

resource content 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: contentContainer
  properties: {
    publicAccess: 'None'
  }
}

resource deadLetters 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: deadLetterContainer
  properties: {
    publicAccess: 'None'
  }
}

// The ledger has an account of its own. The Functions host must own the blobs of its account (Blob Data Owner), and that includes the
// right to remove an unlocked immutability policy. On this account, Daytwo's identity can only read blobs, add them and append to them.
resource ledgerStorage 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: ledgerStorageName
  location: location
  kind: 'StorageV2'
  sku: {
    name: 'Standard_ZRS'
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource ledgerBlobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: ledgerStorage
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: 14
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: 14
    }
  }
}

resource ledger 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: ledgerBlobs
  name: ledgerContainer
  properties: {
    publicAccess: 'None'
  }
}

// Entries can be appended and never changed. The policy is not locked: locking cannot be undone (docs/deploy.md, step 8).
resource immutable 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2023-05-01' = {
  parent: ledger
  name: 'default'
  properties: {
    immutabilityPeriodSinceCreationInDays: 400
    allowProtectedAppendWrites: true
  }
}

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: take('${name}-${suffix}', 24)
  location: location
  properties: {
    tenantId: subscription().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: 90
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: 'Allow'
    }
  }
}

resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: '${name}-logs'
  location: location
  properties: {
    retentionInDays: 30
    sku: {
      name: 'PerGB2018'
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: '${name}-insights'
  location: location
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: logs.id
    DisableLocalAuth: true
  }
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: '${name}-plan'
  location: location
  kind: 'functionapp'
  sku: {
    tier: 'FlexConsumption'
    name: 'FC1'
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: '${name}-${suffix}'
  location: location
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: withTeamsBot ? {
      '${identity.id}': {}
      '${botIdentity.id}': {}
    } : {
      '${identity.id}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identity.id
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${deploymentContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      scaleAndConcurrency: {
        maximumInstanceCount: maximumInstances
        instanceMemoryMB: 2048
      }
      runtime: {
        name: 'python'
        version: '3.13'
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      appSettings: [
        {
          name: 'AzureWebJobsStorage__accountName'
          value: storage.name
        }
        {
          name: 'AzureWebJobsStorage__credential'
          value: 'managedidentity'
        }
        {
          name: 'AzureWebJobsStorage__clientId'
          value: identity.properties.clientId
        }
        {
          name: 'AZURE_CLIENT_ID'
          value: identity.properties.clientId
        }
        {
          name: 'APPLICATIONINSIGHTS_CONNECTION_STRING'
          value: insights.properties.ConnectionString
        }
        {
          name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING'
          value: 'ClientId=${identity.properties.clientId};Authorization=AAD'
        }
        {
          name: 'DAYTWO_STORAGE'
          value: storage.name
        }
        {
          name: 'DAYTWO_LEDGER_STORAGE'
          value: ledgerStorage.name
        }
        {
          name: 'DAYTWO_CONFIG'
          value: 'daytwo.yaml'
        }
        {
          name: 'EVENTS_TOPIC_ENDPOINT'
          value: withRunEvents ? runEvents!.properties.endpoint : ''
        }
        {
          name: 'SLACK_TOKEN'
          value: '@Microsoft.KeyVault(VaultName=${vault.name};SecretName=slack-token)'
        }
        {
          name: 'SLACK_SIGNING_SECRET'
          value: '@Microsoft.KeyVault(VaultName=${vault.name};SecretName=slack-signing-secret)'
        }
        {
          name: 'DAYTWO_METRICS'
          value: withMetrics ? 'opentelemetry' : ''
        }
        {
          name: 'DAYTWO_PAGE_KEY'
          value: '@Microsoft.KeyVault(VaultName=${vault.name};SecretName=page-key)'
        }
        {
          name: 'DAYTWO_BUDGET_KEY'
          value: '@Microsoft.KeyVault(VaultName=${vault.name};SecretName=budget-key)'
        }
        {
          name: 'TEAMS_WEBHOOK'
          value: '@Microsoft.KeyVault(VaultName=${vault.name};SecretName=teams-webhook)'
        }
        {
          name: 'TEAMS_BOT_APP_ID'
          value: withTeamsBot ? botIdentity!.properties.clientId : teamsBotAppId
        }
        {
          name: 'TEAMS_BOT_SECRET'
          value: withTeamsBot || empty(teamsBotAppId) ? '' : '@Microsoft.KeyVault(VaultName=${vault.name};SecretName=teams-bot-secret)'
        }
      ]
    }
  }
  dependsOn: [
    blobOwner
    ledgerAppender
    queues
    tables
    secrets
    telemetry
  ]
}

// People sign in for the approval pages. Other requests pass without a sign-in: their endpoints verify a key, signature or token.
resource signIn 'Microsoft.Web/sites/config@2024-04-01' = if (!empty(signInClientId)) {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
    }
    globalValidation: {
      requireAuthentication: false
      unauthenticatedClientAction: 'AllowAnonymous'
    }
    httpSettings: {
      requireHttps: true
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: signInClientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${subscription().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: [
            signInClientId
          ]
        }
      }
    }
    login: {
      tokenStore: {
        enabled: false
      }
    }
  }
}

resource blobOwner 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage.id, identity.id, blobDataOwner)
  scope: storage
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataOwner)
  }
}

// What Daytwo does with its ledger, and nothing else: no write, delete, move or policy action.
resource ledgerWriter 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, name, 'daytwo-ledger')
  properties: {
    roleName: 'Daytwo ledger (${resourceGroup().name}, ${name})'
    description: 'Reads the ledger and appends to it.'
    assignableScopes: [resourceGroup().id]
    permissions: [
      {
        actions: [
          'Microsoft.Storage/storageAccounts/blobServices/containers/read'
        ]
        dataActions: [
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action'
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'
        ]
      }
    ]
  }
}

resource ledgerAppender 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(ledgerStorage.id, identity.id, 'daytwo-ledger')
  scope: ledgerStorage
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: ledgerWriter.id
  }
}

resource queues 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage.id, identity.id, queueDataContributor)
  scope: storage
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', queueDataContributor)
  }
}

resource tables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage.id, identity.id, tableDataContributor)
  scope: storage
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', tableDataContributor)
  }
}

resource secrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, identity.id, keyVaultSecretsUser)
  scope: vault
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
  }
}

resource telemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, identity.id, monitoringMetricsPublisher)
  scope: insights
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
  }
}

resource bot 'Microsoft.BotService/botServices@2022-09-15' = if (withTeamsBot) {
  name: '${name}-${suffix}'
  location: 'global'
  kind: 'azurebot'
  sku: {
    name: 'F0'
  }
  properties: {
    displayName: name
    endpoint: 'https://${app.properties.defaultHostName}/api/teams/messages'
    msaAppType: 'UserAssignedMSI'
    msaAppId: botIdentity!.properties.clientId
    msaAppMSIResourceId: botIdentity.id
    msaAppTenantId: subscription().tenantId
    disableLocalAuth: true
  }
}

resource teams 'Microsoft.BotService/botServices/channels@2022-09-15' = if (withTeamsBot) {
  parent: bot
  name: 'MsTeamsChannel'
  location: 'global'
  properties: {
    channelName: 'MsTeamsChannel'
    properties: {
      isEnabled: true
      acceptedTerms: true
    }
  }
}

resource runEvents 'Microsoft.EventGrid/topics@2025-02-15' = if (withRunEvents) {
  name: '${name}-runs'
  location: location
  properties: {
    inputSchema: 'CloudEventSchemaV1_0'
    disableLocalAuth: true
    minimumTlsVersionAllowed: '1.2'
  }
}

resource sender 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (withRunEvents) {
  name: guid(resourceGroup().id, name, eventGridDataSender)
  scope: runEvents
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', eventGridDataSender)
  }
}

output appName string = app.name
output identityPrincipalId string = identity.properties.principalId
output identityId string = identity.id
output storageId string = storage.id
output ledgerStorageName string = ledgerStorage.name
output deadLetterContainer string = deadLetterContainer
output teamsBotAppId string = withTeamsBot ? botIdentity!.properties.clientId : ''
output vaultName string = vault.name
