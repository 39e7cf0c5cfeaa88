// Sends the health events of a subscription's machines to Daytwo, including evictions of spot nodes. Deploy this once per
// subscription of the fleet into a resource group of that subscription: a system topic must be in the subscription of its
// source. Deploy the app's code first: Event Grid validates the function before it sends events to it.
targetScope = 'resourceGroup'

@description('The resource ID of the function app. It can be in another subscription.')
param appId string

@description('The resource ID of the storage account that stores undelivered events (dead letters), and its container.')
param storageId string
param deadLetterContainer string = 'dead-letter'

@description('The user-assigned identity that writes dead letters.')
param identityId string

@description('The subscription of the fleet. It must be the subscription that you deploy into. It is a parameter so that it is not confused with the subscription of the bot.')
param fleetSubscriptionId string

resource healthTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: 'daytwo-health'
  location: 'global'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    source: '/subscriptions/${fleetSubscriptionId}'
    topicType: 'Microsoft.ResourceNotifications.HealthResources'
  }
}

resource evictions 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: healthTopic
  name: 'daytwo'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    destination: {
      endpointType: 'AzureFunction'
      properties: {
        resourceId: '${appId}/functions/events'
        maxEventsPerBatch: 1
      }
    }
    filter: {
      includedEventTypes: [
        'Microsoft.ResourceNotifications.HealthResources.ResourceAnnotated'
      ]
    }
    deadLetterWithResourceIdentity: {
      identity: {
        type: 'UserAssigned'
        userAssignedIdentity: identityId
      }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: {
          resourceId: storageId
          blobContainerName: deadLetterContainer
        }
      }
    }
    retryPolicy: {
      maxDeliveryAttempts: 30
      eventTimeToLiveInMinutes: 1440
    }
  }
}
